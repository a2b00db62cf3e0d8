import assert from 'node:assert/strict';
import { it } from 'node:test';
import { EDGE, REGION } from '../fixture.ts';
import { addressed, apiResourceId, placeUrls, splitEnvironment } from './address.ts';

const place = { region: REGION, serviceId: 'service-f94sy04v', environment: 'release', path: '/fn' } as const;

it('takes hosts by their first label, whatever the suffix', () => {
  for (const host of [
    'service-f94sy04v-1250000000.ap-guangzhou.apigateway.myqcloud.com',
    'service-f94sy04v-1250000000.gz.apigw.tencentcs.com',
    'service-f94sy04v-1250000000.localhost',
    'service-f94sy04v.localhost',
    'service-f94sy04v',
  ]) {
    assert.deepEqual(addressed(host, '/release/x'), { serviceId: 'service-f94sy04v', path: '/release/x' }, host);
  }
});

it('leaves other hosts and paths to others', () => {
  for (const host of [
    'localhost',
    'service-f94sy04.localhost',
    'service-f94sy04v9.localhost',
    'a.service-f94sy04v',
    'service-f94sy04v-x.y',
  ]) {
    assert.equal(addressed(host, '/release/x'), undefined, host);
  }
  assert.equal(addressed('localhost', '/_apigw'), undefined);
  assert.equal(addressed('localhost', '/x/_apigw/service-f94sy04v/release'), undefined);
});

it('takes the path form off before matching', () => {
  const meant = addressed('127.0.0.1', '/_apigw/service-f94sy04v/release/a/b');
  assert.deepEqual(meant, { serviceId: 'service-f94sy04v', path: '/release/a/b' });
  assert.deepEqual(addressed('', '/_apigw/service-f94sy04v'), { serviceId: 'service-f94sy04v', path: '/' });
});

it('splits the environment off', () => {
  assert.deepEqual(splitEnvironment('/release/a/b'), { segment: 'release', rest: '/a/b' });
  assert.deepEqual(splitEnvironment('/release/'), { segment: 'release', rest: '/' });
  assert.deepEqual(splitEnvironment('/release'), { segment: 'release', rest: '/' });
  assert.deepEqual(splitEnvironment('/'), { segment: '', rest: '/' });
  assert.deepEqual(splitEnvironment('//x'), { segment: '', rest: '/x' });
});

it('prints the path form first, both with the port', () => {
  assert.deepEqual(placeUrls(EDGE, '1250000000', place), [
    'http://127.0.0.1:9702/_apigw/service-f94sy04v/release/fn',
    'http://service-f94sy04v-1250000000.ap-guangzhou.apigateway.localhost:9702/release/fn',
  ]);
  assert.match(placeUrls({ ...EDGE, httpPort: 80 }, '1', place)[1] ?? '', /localhost\/release\/fn$/);
  assert.match(placeUrls(EDGE, '1', { ...place, path: '=/fn' })[0] ?? '', /release\/fn$/);
  assert.match(placeUrls(EDGE, '1', { ...place, path: '^~/fn' })[0] ?? '', /release\/fn$/);
});

it('addresses what it prints', () => {
  for (const url of placeUrls(EDGE, '1250000000', place)) {
    const { hostname, pathname } = new URL(url);
    assert.deepEqual(addressed(hostname, pathname), { serviceId: place.serviceId, path: '/release/fn' });
  }
});

it('makes resource ids that clients can cut', () => {
  const id = apiResourceId('100000000001', REGION, 'service-f94sy04v', 'api-12345678');
  assert.equal(id, 'qcs::apigw:gz:uin/100000000001:service/service-f94sy04v/API/api-12345678');
  assert.equal(id.split('service/')[1]?.split('/API')[0], 'service-f94sy04v');
  assert.match(apiResourceId('1', 'eu-moscow', 's', 'a'), /^qcs::apigw:eu-moscow:/);
});
