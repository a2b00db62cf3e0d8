import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { TurnableClock } from '../core/clock.ts';
import { SeededIds } from '../core/ids.ts';
import { NO_LOG } from '../core/log.ts';
import type { Store } from '../core/ports.ts';
import { type Made, makeCertificate } from '../http/testing-certificates.ts';
import { openSqliteStore } from '../store/sqlite.ts';
import { openCertificates } from './certificates.ts';
import { rejects, throws } from './fixture.ts';

const NOW = Date.now();
const DAY_MS = 86_400_000;

async function scene(given?: Store) {
  const clock = new TurnableClock(NOW);
  const store = given ?? (await openSqliteStore({ file: ':memory:', clock, log: NO_LOG }));
  const open = () => openCertificates({ store, clock, ids: new SeededIds() });
  const certificates = await open();
  const add = async (made: Made, alias = '') => (await certificates.upload({ ...made, alias })).certificate;
  return { clock, store, open, certificates, add };
}

const PAGE = { offset: 0, limit: 10 };

describe('certificates', () => {
  let exact: Made;
  let wild: Made;
  let long: Made;

  before(async () => {
    exact = await makeCertificate({ names: ['www.example.com'] });
    wild = await makeCertificate({ names: ['*.example.com', 'example.com'] });
    long = await makeCertificate({ names: ['*.example.com'], notAfter: NOW + 800 * DAY_MS });
  });

  test('are kept: under an id of eight, found again by the next start', async () => {
    const { certificates, add, open } = await scene();
    const one = await add(exact, 'shop');
    assert.match(one.id, /^[a-z][a-z0-9]{7}$/);
    assert.deepEqual([one.alias, one.domains, one.createdAt, one.projectId], ['shop', ['www.example.com'], NOW, 0]);
    assert.match(one.fingerprint, /^[0-9a-f]{40}$/);
    assert.equal(certificates.find(one.id), one);
    const next = await open();
    assert.deepEqual(next.find(one.id), one);
    assert.equal(next.forHost('www.example.com')?.id, one.id);
  });

  test('vouch for hosts as TLS has it: a star is one whole label', async () => {
    const { certificates, add } = await scene();
    const { id } = await add(wild);
    for (const host of ['example.com', 'a.example.com', 'WWW.Example.Com']) {
      assert.equal(certificates.forHost(host)?.id, id, host);
    }
    for (const host of ['a.b.example.com', '.example.com', 'example.org', 'com', '', '*', 'xexample.com']) {
      assert.equal(certificates.forHost(host), undefined, host);
    }
  });

  test('the exact name goes before a star, then the longest life', async () => {
    const { certificates, add, clock } = await scene();
    const ids = { wild: (await add(wild)).id, long: (await add(long)).id, exact: (await add(exact)).id };
    assert.equal(certificates.forHost('www.example.com')?.id, ids.exact);
    assert.equal(certificates.forHost('a.example.com')?.id, ids.long);
    await certificates.remove(ids.exact);
    await certificates.remove(ids.long);
    assert.equal(certificates.forHost('www.example.com')?.id, ids.wild);
    await clock.moveTo(NOW + 366 * DAY_MS);
    assert.equal(certificates.forHost('www.example.com'), undefined, 'it has run out');
    assert.equal(certificates.find(ids.wild)?.id, ids.wild, 'and is still there');
  });

  test('one whose time has not come vouches for nothing yet, and a CA never', async () => {
    const { certificates, add, clock } = await scene();
    const { id } = await add(await makeCertificate({ names: ['a.example'], notBefore: NOW + DAY_MS }));
    await certificates.upload({ certificatePem: wild.certificatePem, privateKeyPem: '' });
    assert.equal(certificates.forHost('a.example'), undefined);
    assert.equal(certificates.forHost('example.com'), undefined);
    await clock.moveTo(NOW + 2 * DAY_MS);
    assert.equal(certificates.forHost('a.example')?.id, id);
  });

  test('come twice only where that is wanted', async () => {
    const { certificates, add } = await scene();
    const first = await add(exact);
    const again = await certificates.upload({ ...exact, repeatable: false });
    assert.deepEqual(again, { certificate: first, repeated: true });
    const ca = await certificates.upload({ ...exact, privateKeyPem: '', repeatable: false });
    assert.equal(ca.repeated, false, 'the same text as a CA is another thing');
    const twice = await certificates.upload({ ...exact, repeatable: true });
    assert.notEqual(twice.certificate.id, first.id);
    assert.equal(certificates.list(PAGE).total, 3);
    const fresh = await scene();
    const both = await Promise.all([1, 2].map(() => fresh.certificates.upload({ ...exact, repeatable: false })));
    assert.deepEqual(
      both.map(one => one.repeated),
      [false, true],
    );
  });

  test('are listed by page, search and order', async () => {
    const { certificates, add, clock } = await scene();
    const a = (await add(exact, 'Shop')).id;
    await clock.advance(1000);
    const b = (await add(long, 'blog')).id;
    await clock.advance(1000);
    const c = (await add(wild)).id;
    const ids = (query: object) => {
      const { total, rows } = certificates.list({ ...PAGE, ...query });
      return [total, ...rows.map(row => row.id)];
    };
    assert.deepEqual(ids({}), [3, c, b, a]);
    assert.deepEqual(ids({ offset: 1, limit: 1 }), [3, b]);
    assert.deepEqual(ids({ search: 'SHOP' }), [1, a]);
    assert.deepEqual(ids({ search: '*.example' }), [2, c, b]);
    assert.deepEqual(ids({ search: b.slice(1) }), [1, b]);
    assert.deepEqual(ids({ byEnd: 'DESC', limit: 1 }), [3, b]);
    assert.equal(ids({ byEnd: 'ASC' })[3], b);
    assert.deepEqual(ids({ where: (one: { alias: string }) => one.alias === '' }), [1, c]);
  });

  test('are renamed', async () => {
    const { certificates, add, open } = await scene();
    const { id } = await add(exact, 'a');
    await certificates.rename(id, '名称');
    assert.equal(certificates.need(id).alias, '名称');
    assert.equal((await open()).need(id).alias, '名称');
    await rejects(certificates.rename(id, 'x'.repeat(201)), 'FailedOperation.InvalidParam');
    await rejects(certificates.rename('none', 'x'), 'FailedOperation.CertificateNotFound');
    await rejects(certificates.upload({ ...exact, alias: 'x'.repeat(201) }), 'FailedOperation.InvalidParam');
    assert.equal(certificates.list(PAGE).total, 1);
  });

  test('are removed, but not while somebody uses them', async () => {
    const { certificates, add, open } = await scene();
    const { id } = await add(exact);
    const used = new Set([id]);
    certificates.askBeforeRemoval(() => undefined);
    certificates.askBeforeRemoval(one => (used.has(one) ? 'clb lbl-1' : undefined));
    const error = await rejects(certificates.remove(id), 'FailedOperation.DeleteResourceFailed');
    assert.match(error.message, /used by clb lbl-1/);
    assert.equal(certificates.find(id)?.id, id);
    used.clear();
    await certificates.remove(id);
    assert.equal(certificates.find(id), undefined);
    assert.equal((await open()).find(id), undefined);
    throws(() => certificates.need(id), 'FailedOperation.CertificateNotFound');
    await rejects(certificates.remove(id), 'FailedOperation.CertificateNotFound');
  });

  test('are there again when the store could not remove them', async () => {
    const { store, add, certificates } = await scene();
    const { id } = await add(exact);
    const { remove } = store;
    store.remove = () => Promise.reject(new Error('disk'));
    await assert.rejects(certificates.remove(id), /disk/);
    store.remove = remove;
    assert.equal(certificates.forHost('www.example.com')?.id, id);
  });
});
