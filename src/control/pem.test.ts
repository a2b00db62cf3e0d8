import assert from 'node:assert/strict';
import { createPrivateKey } from 'node:crypto';
import { before, describe, test } from 'node:test';
import fc from 'fast-check';
import { CloudError } from '../core/errors.ts';
import { type Made, makeCertificate } from '../http/testing-certificates.ts';
import { type CertificateText, readCertificate } from './pem.ts';

const NOW = Date.now();
const DAY_MS = 86_400_000;

function refused(text: CertificateText, code: string, words: RegExp): void {
  assert.throws(
    () => readCertificate(text, NOW),
    error => {
      assert.ok(error instanceof CloudError);
      assert.equal(error.code, code);
      assert.match(error.text('en'), words);
      assert.doesNotMatch(error.text('zh') + error.text('en'), /\{\w+\}/);
      return true;
    },
  );
}

describe('an upload', () => {
  let root: Made;
  let middle: Made;
  let server: Made;
  let other: Made;

  before(async () => {
    root = await makeCertificate({ commonName: 'root', ca: true });
    middle = await makeCertificate({ commonName: 'middle', ca: true, issuer: root });
    server = await makeCertificate({ names: ['A.example.com', '*.b.example'], issuer: middle });
    other = await makeCertificate({ names: ['other.example'] });
  });

  const chain = (...made: Made[]) => made.map(one => one.certificatePem).join('');
  const text = (...made: Made[]) => ({ certificatePem: chain(...made), privateKeyPem: server.privateKeyPem });

  test('is read with its chain, its names in lower case and its life', () => {
    const read = readCertificate(text(server, middle, root), NOW);
    assert.equal(read.chain.length, 3);
    assert.equal(read.certificatePem, chain(server, middle, root));
    assert.equal(read.privateKeyPem, server.privateKeyPem);
    assert.deepEqual(read.domains, ['a.example.com', '*.b.example']);
    assert.equal(read.notBefore, server.certificate.notBefore.getTime());
    assert.equal(read.notAfter, server.certificate.notAfter.getTime());
  });

  test('may have a chain without its root, text between and a key in front', () => {
    const certificatePem = `Subject: a\n${server.privateKeyPem}${server.certificatePem}\r\nIssuer: b\n${middle.certificatePem}`;
    const read = readCertificate({ ...text(), certificatePem }, NOW);
    assert.equal(read.certificatePem, chain(server, middle));
    assert.doesNotMatch(read.certificatePem, /PRIVATE|Subject/);
  });

  test('has a chain in order', () => {
    for (const made of [[root, middle], [root], [other], [middle, middle], [middle, other]]) {
      const number = made[0] === middle ? 2 : 1;
      const words = new RegExp(`certificate ${number} was not issued by certificate ${number + 1}`);
      refused(text(server, ...made), 'FailedOperation.CertificateInvalid', words);
    }
    const long = Array.from({ length: 10 }, () => root);
    refused(text(server, ...long), 'FailedOperation.CertificateInvalid', /longer than 10/);
  });

  test('has a key that belongs to it', () => {
    refused(
      { certificatePem: chain(server), privateKeyPem: other.privateKeyPem },
      'FailedOperation.CertificateMismatch',
      /does not belong/,
    );
    refused(text(middle, server), 'FailedOperation.CertificateMismatch', /comes first/);
    refused({ ...text(server), privateKeyPem: 'key' }, 'FailedOperation.CertificateInvalid', /key cannot be read/);
    const publicKey = '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n';
    refused({ ...text(server), privateKeyPem: publicKey }, 'FailedOperation.CertificateInvalid', /cannot be read/);
  });

  test('may have a key with a password, which is kept without it', () => {
    const key = createPrivateKey(server.privateKeyPem);
    const locked = key.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'secret' }).toString();
    const given = { certificatePem: chain(server), privateKeyPem: locked };
    assert.equal(readCertificate({ ...given, keyPassword: 'secret' }, NOW).privateKeyPem, server.privateKeyPem);
    refused(given, 'FailedOperation.CertificateInvalid', /give the password/);
    refused({ ...given, keyPassword: 'wrong' }, 'FailedOperation.CertificateInvalid', /check its password/);
  });

  test('may have an older form of key', () => {
    const sec1 = createPrivateKey(server.privateKeyPem).export({ type: 'sec1', format: 'pem' }).toString();
    assert.match(sec1, /BEGIN EC PRIVATE KEY/);
    const read = readCertificate({ certificatePem: chain(server), privateKeyPem: sec1 }, NOW);
    assert.equal(read.privateKeyPem, server.privateKeyPem);
  });

  test('has not run out; one whose time comes later is taken', async () => {
    const old = await makeCertificate({ names: ['a.example'], notBefore: NOW - 3 * DAY_MS, notAfter: NOW - DAY_MS });
    refused(old, 'FailedOperation.CertificateInvalid', /it expired on \d{4}-\d\d-\d\d; upload one/);
    const young = await makeCertificate({ names: ['a.example'], notBefore: NOW + DAY_MS });
    assert.deepEqual(readCertificate(young, NOW).domains, ['a.example']);
  });

  test('names what it is for: by its common name where it has no other', async () => {
    const common = await makeCertificate({ commonName: 'Old.Example.com' });
    assert.deepEqual(readCertificate(common, NOW).domains, ['old.example.com']);
    const both = await makeCertificate({ commonName: 'old.example.com', names: ['new.example.com'] });
    assert.deepEqual(readCertificate(both, NOW).domains, ['new.example.com']);
    const person = await makeCertificate({ commonName: 'A Person' });
    refused(person, 'FailedOperation.CertificateInvalid', /names no domain/);
  });

  test('a name that looks like several is none', async () => {
    const tricky = await makeCertificate({ names: ['a.example, DNS:bank.example, DNS:x', 'ok.example'] });
    assert.deepEqual(readCertificate(tricky, NOW).domains, ['ok.example']);
  });

  test('has a key that TLS takes', async () => {
    const weak = await makeCertificate({ names: ['a.example'], rsaBits: 1024 });
    refused(weak, 'FailedOperation.CertificateInvalid', /TLS does not take it: .*key too small/);
    const fine = await makeCertificate({ names: ['a.example'], rsaBits: 2048 });
    assert.deepEqual(readCertificate(fine, NOW).domains, ['a.example']);
  });

  test('of a CA has no key, in any order, and names nothing', () => {
    const read = readCertificate({ certificatePem: chain(root, other), privateKeyPem: '' }, NOW);
    assert.deepEqual([read.chain.length, read.privateKeyPem, read.domains], [2, '', []]);
  });

  test('that is no PEM is refused, whatever it is', () => {
    const { privateKeyPem } = server;
    refused({ certificatePem: '', privateKeyPem }, 'FailedOperation.CertificateInvalid', /it is not PEM/);
    const broken = server.certificatePem.replace('MII', 'MIX');
    refused({ certificatePem: broken, privateKeyPem }, 'FailedOperation.CertificateInvalid', /certificate 1 .*cannot/);
    refused(
      { certificatePem: server.certificatePem + broken, privateKeyPem },
      'FailedOperation.CertificateInvalid',
      /certificate 2 /,
    );
    fc.assert(
      fc.property(fc.nat(server.certificatePem.length - 1), fc.string({ maxLength: 4 }), (at, put) => {
        const certificatePem = server.certificatePem.slice(0, at) + put + server.certificatePem.slice(at + 1);
        try {
          assert.deepEqual(readCertificate({ certificatePem, privateKeyPem }, NOW).chain.length, 1);
        } catch (error) {
          assert.ok(error instanceof CloudError, String(error));
        }
      }),
      { numRuns: 300 },
    );
  });
});
