'use strict';
// Leads calls of the user's code to the cloud's names to this server. Plain CommonJS for Node.js 10 and newer.
// All of http, https, http2, fetch and the SDKs connect through net.Socket.prototype.connect: that is changed, and the
// look-ups of dns. Host header, server name and the check of the certificate's name stay the client's.
// Code in worker threads and in other processes has modules of its own and is not reached.

const net = require('net');
const dns = require('dns');
// In Node.js 10 the mere look at it prints a warning into the function's log; nobody uses it there.
const promises = /^v10\./.test(process.version) ? {} : dns.promises;

/** Settings: NamesSettings in src/runtime/names.ts. */
exports.install = function install({ suffixes, host, address, ports, ca }) {
  const family = net.isIP(host);

  function matches(name) {
    if (typeof name !== 'string') return false;
    // A name may be written with the dot of the root.
    const plain = (name.charAt(name.length - 1) === '.' ? name.slice(0, -1) : name).toLowerCase();
    for (const suffix of suffixes) if (plain.endsWith(suffix) && plain.length > suffix.length) return true;
    return false;
  }

  // --- connections ---------------------------------------------------------------------------------------------

  const { lookup } = dns;
  const { connect } = net.Socket.prototype;

  function serverAddress(_name, options, done) {
    const callback = typeof options === 'function' ? options : done;
    if (family === 0) lookup(host, options, done);
    else if (options && options.all) process.nextTick(callback, null, [{ address: host, family }]);
    else process.nextTick(callback, null, host, family);
  }

  /** The options of a connection that is to come here, or undefined. */
  function redirected(socket, options) {
    if (options === null || typeof options !== 'object' || options.path) return undefined;
    const named = matches(options.host);
    if (!named && options.host !== address) return undefined;
    const port = ports[options.port] || options.port;
    if (socket.encrypted) {
      trust(socket);
      // Without it the server could not know which certificate is wanted. An explicit server name replaces it.
      if (named && !options.servername) socket.setServername(options.host);
    } else if (String(options.port) !== '80') watchUpgrades();
    // The name stays, for events and errors.
    if (named) return Object.assign({}, options, { port, lookup: serverAddress, family: 0, hints: 0 });
    return Object.assign({}, options, { port, host });
  }

  net.Socket.prototype.connect = function (...args) {
    const [first, second] = args;
    if (Array.isArray(first)) {
      // From net.connect, which made it for this call alone: [options, callback].
      const changed = redirected(this, first[0]);
      if (changed) first[0] = changed;
    } else if (first !== null && typeof first === 'object') {
      const changed = redirected(this, first);
      if (changed) args[0] = changed;
    } else if (typeof second === 'string') {
      const changed = redirected(this, { port: first, host: second });
      if (changed) args.splice(0, 2, changed);
    }
    return connect.apply(this, args);
  };

  // --- trust ---------------------------------------------------------------------------------------------------

  /** Adds the CA to what this one socket trusts: its context has a store of its own from then on. */
  function trust(socket) {
    const { secureContext = socket._handle && socket._handle._secureContext } = socket._tlsOptions || {};
    if (secureContext && secureContext.context) secureContext.context.addCACert(ca);
  }

  let watching = false;

  /** TLS over a socket that was connected before: tls.connect({ socket, servername }). */
  function watchUpgrades() {
    if (watching) return;
    watching = true;
    const { prototype } = require('tls').TLSSocket;
    const { setServername } = prototype;
    prototype.setServername = function (name) {
      if (matches(name)) trust(this);
      return setServername.call(this, name);
    };
  }

  // --- look-ups ------------------------------------------------------------------------------------------------

  function missing(name, type) {
    const error = new Error(`query${type} ENODATA ${name}`);
    return Object.assign(error, { code: 'ENODATA', errno: 'ENODATA', syscall: `query${type}`, hostname: name });
  }

  function records(name, type, options) {
    if (net.isIP(address) !== (type === 'A' ? 4 : 6)) throw missing(name, type);
    return [options && options.ttl ? { address, ttl: 60 } : address];
  }

  /** With the properties of the original: util.promisify looks for one. */
  function replace(object, name, make) {
    const original = object[name];
    if (typeof original !== 'function') return;
    const replacement = make(original);
    Object.defineProperties(replacement, Object.getOwnPropertyDescriptors(original));
    object[name] = replacement;
  }

  const resolving = (typeOf, argument) => original =>
    function (name, ...rest) {
      const type = typeOf(rest[0]);
      const callback = rest[rest.length - 1];
      if (type === undefined || !matches(name) || typeof callback !== 'function')
        return original.call(this, name, ...rest);
      try {
        process.nextTick(callback, null, records(name, type, rest[argument]));
      } catch (error) {
        process.nextTick(callback, error);
      }
    };

  const promising = (typeOf, argument) => original =>
    function (name, ...rest) {
      const type = typeOf(rest[0]);
      if (type === undefined || !matches(name)) return original.call(this, name, ...rest);
      return new Promise(resolve => resolve(records(name, type, rest[argument])));
    };

  const asked = type => (typeof type !== 'string' || type === 'A' ? 'A' : type === 'AAAA' ? 'AAAA' : undefined);

  for (const [object, kind] of [
    [dns, resolving],
    [promises, promising],
  ]) {
    replace(
      object,
      'lookup',
      original =>
        function (name, ...rest) {
          return original.call(this, matches(name) ? address : name, ...rest);
        },
    );
    replace(object, 'resolve', kind(asked, 1));
    replace(
      object,
      'resolve4',
      kind(() => 'A', 0),
    );
    replace(
      object,
      'resolve6',
      kind(() => 'AAAA', 0),
    );
  }
  // For `import { lookup } from 'dns'`.
  const { syncBuiltinESMExports } = module.constructor;
  if (syncBuiltinESMExports) syncBuiltinESMExports();
};
