import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { anApi, aService, FakeTarget } from '../fixture.ts';
import type { Api, ApiMethod, Release } from '../model.ts';
import { compileRoutes, findRoute, methodsBeside } from './routes.ts';

const service = aService();

/** `GET /path` each; the id is the text itself. */
function table(...apis: string[]) {
  const made = apis.map((text): Api => {
    const [method, path = ''] = text.split(' ');
    return {
      ...anApi({ method: method as ApiMethod, path }),
      id: text,
      serviceId: service.id,
      qps: {},
      createdAt: 0,
      modifiedAt: 0,
    };
  });
  const release: Release = {
    serviceId: service.id,
    environment: 'release',
    version: '',
    description: '',
    releasedAt: 0,
    apis: made,
  };
  return compileRoutes(service, release, made);
}

const target = new FakeTarget();
const all = () => target;

function find(apis: string[], method: string, path: string, targetOf: (api: Api) => FakeTarget | undefined = all) {
  const found = findRoute(table(...apis), method, path, targetOf);
  return typeof found === 'string' ? found : found.route.api.id;
}

describe('which API answers', () => {
  it('an exact method before ANY on the same path', () => {
    assert.equal(find(['ANY /a', 'GET /a'], 'GET', '/a'), 'GET /a');
    assert.equal(find(['GET /a', 'ANY /a'], 'PATCH', '/a'), 'ANY /a');
  });

  it('the higher path before the exact method', () => {
    assert.equal(find(['GET /', 'ANY /a'], 'GET', '/a'), 'ANY /a');
  });

  it('a lower path when the higher one lacks the method', () => {
    assert.equal(find(['ANY /', 'POST /a'], 'GET', '/a'), 'ANY /');
  });

  it('tells a missing path from a missing method', () => {
    assert.equal(find(['GET /a'], 'GET', '/b'), 'uri');
    assert.equal(find(['GET /a'], 'POST', '/a'), 'method');
    assert.equal(find([], 'GET', '/'), 'uri');
  });

  it('gives path parameters decoded once', () => {
    const found = findRoute(table('GET /u/{id}'), 'GET', '/u/a%20b%2525', all);
    assert.ok(typeof found !== 'string');
    assert.deepEqual({ ...found.parameters }, { id: 'a b%25' });
  });

  it('passes over an API without a target as if it were not there', () => {
    const but =
      (gone: string) =>
      ({ id }: Api) =>
        id === gone ? undefined : target;
    assert.equal(find(['ANY /', 'GET /a'], 'GET', '/a', but('GET /a')), 'ANY /');
    assert.equal(find(['GET /a'], 'GET', '/a', but('GET /a')), 'uri');
    assert.equal(find(['GET /a'], 'POST', '/a', but('GET /a')), 'uri');
    assert.equal(find(['GET /a', 'ANY /a'], 'GET', '/a', but('GET /a')), 'ANY /a');
  });
});

it('names the methods of a path', () => {
  const beside = (...apis: string[]) => {
    const made = table(...apis);
    const found = findRoute(made, 'GET', '/a', all);
    return typeof found === 'string' ? [] : methodsBeside(made, found.route, all);
  };
  assert.deepEqual(beside('GET /a', 'POST /a', 'PUT /ab'), ['GET', 'POST']);
  assert.deepEqual(beside('ANY /a'), ['GET', 'POST', 'DELETE', 'HEAD', 'PUT', 'OPTIONS', 'TRACE', 'PATCH']);
});
