'use strict';
// Finds and loads the user's handler.

const fs = require('fs');
const path = require('path');
const util = require('util');

const { JSON } = global;

/** Why there is no handler: a status and a text for the user. */
class Unloadable {
  constructor(status, text) {
    this.status = status;
    this.text = text;
  }
}

function isFile(name) {
  try {
    return fs.statSync(name).isFile();
  } catch (_) {
    return false;
  }
}

/** Whether the nearest package.json, up to the code's root, says that .js means ES module. */
function isModulePackage(file, root) {
  for (let dir = path.dirname(file); dir.length >= root.length; dir = path.dirname(dir)) {
    const name = path.join(dir, 'package.json');
    if (isFile(name)) {
      try {
        return JSON.parse(fs.readFileSync(name, 'utf8')).type === 'module';
      } catch (_) {
        return false;
      }
    }
    if (dir === path.dirname(dir)) break;
  }
  return false;
}

function load(file, root) {
  const url = () => require('url').pathToFileURL(file).href;
  if (file.endsWith('.mjs') || (file.endsWith('.js') && isModulePackage(file, root))) return import(url());
  try {
    return require(file);
  } catch (error) {
    if (error && (error.code === 'ERR_REQUIRE_ESM' || error.code === 'ERR_REQUIRE_ASYNC_MODULE')) return import(url());
    throw error;
  }
}

function own(value, name) {
  return value === null || value === undefined ? undefined : value[name];
}

/** Calls `done` with the handler, or `failed` with an Unloadable or what the user's code threw. */
function loadHandler(handler, root, done, failed) {
  const dot = handler.lastIndexOf('.');
  const name = handler.slice(0, dot);
  const method = handler.slice(dot + 1);
  if (dot < 1 || method === '') {
    return failed(
      new Unloadable(437, `The handler "${handler}" must have the form file.method, such as index.main_handler.`),
    );
  }
  const base = path.join(root, name);
  if (!base.startsWith(root + path.sep)) {
    return failed(new Unloadable(437, `The handler "${handler}" leads out of the code package.`));
  }
  const file = ['.js', '.cjs', '.mjs'].map(end => base + end).find(isFile);
  if (!file) {
    return failed(
      new Unloadable(437, `Cannot find ${name}.js (or .cjs, .mjs) in the code package; the handler is "${handler}".`),
    );
  }
  const loaded = exported => {
    const found = own(exported, method) || own(own(exported, 'default'), method);
    if (typeof found === 'function') return done(found);
    return failed(
      new Unloadable(
        437,
        `${path.relative(root, file)} does not export a function "${method}"; the handler is "${handler}".`,
      ),
    );
  };
  let exported;
  try {
    exported = load(file, root);
  } catch (error) {
    return failed(error);
  }
  if (util.types.isPromise(exported)) exported.then(loaded, failed);
  else loaded(exported);
}

module.exports = { Unloadable, loadHandler };
