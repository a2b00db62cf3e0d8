import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { CloudError } from '../../../core/errors.ts';
import { comparePatterns, decodePath, parsePath } from './match.ts';

const matches = (pattern: string, path: string) => parsePath(pattern).match(path) !== undefined;
const order = (...paths: string[]) =>
  paths
    .map(parsePath)
    .sort(comparePatterns)
    .map(p => p.text);

describe('the forms of a path', () => {
  it('=/x is exact', () => {
    assert.ok(matches('=/user', '/user'));
    for (const path of ['/user/', '/usertest', '/use', '/']) assert.ok(!matches('=/user', path), path);
  });

  it('^~/x is a prefix', () => {
    for (const path of ['/user', '/user/1', '/usertest']) assert.ok(matches('^~/user', path), path);
    assert.ok(!matches('^~/user', '/a/user'));
  });

  it('/x is exact or a prefix by string, as documented', () => {
    for (const path of ['/user', '/usertest', '/user/test/a']) assert.ok(matches('/user', path), path);
    for (const path of ['/use', '/User', '/a/user']) assert.ok(!matches('/user', path), path);
  });

  it('/ catches everything', () => {
    for (const path of ['/', '/a', '/a/b/']) assert.ok(matches('/', path), path);
  });

  it('{x} is one segment, and what follows the template is a prefix', () => {
    assert.deepEqual({ ...parsePath('/test/{path}').match('/test/value') }, { path: 'value' });
    assert.deepEqual({ ...parsePath('/test/{path}').match('/test/a/b') }, { path: 'a' });
    assert.deepEqual({ ...parsePath('/{a}/x/{b-1}').match('/1/x/2') }, { a: '1', 'b-1': '2' });
    for (const path of ['/test', '/test/', '/a/test/b']) assert.ok(!matches('/test/{path}', path), path);
  });

  it('{x+} is all the rest', () => {
    assert.deepEqual({ ...parsePath('/files/{proxy+}').match('/files/a/b/c.txt') }, { proxy: 'a/b/c.txt' });
    assert.ok(!matches('/files/{proxy+}', '/files/'));
  });

  it('reads a dot in a template as a dot', () => {
    assert.ok(matches('/a.b/{x}', '/a.b/1'));
    assert.ok(!matches('/a.b/{x}', '/aXb/1'));
    assert.equal(parsePath('/favicon.ico').class, 'plain');
  });

  it('other special characters make a regular expression from the start', () => {
    assert.ok(matches('/v[12]/.*', '/v2/anything'));
    assert.ok(!matches('/v[12]/.*', '/v3/anything'));
    assert.ok(!matches('/v[12]/.*', '/x/v1/a'));
    assert.ok(matches('/colou?r', '/color'));
    assert.ok(matches('/a|/b', '/b'));
  });
});

describe('priority', () => {
  it('goes exact, ^~, template, regex, plain, /', () => {
    const sorted = ['=/user', '^~/user', '/user/{id}', '/use.*', '/user', '/'];
    assert.deepEqual(order(...sorted.toReversed()), sorted);
  });

  it('gives the longer literal start the way', () => {
    assert.deepEqual(order('/a', '/a/b', '/a/b/c'), ['/a/b/c', '/a/b', '/a']);
    assert.deepEqual(order('/{a-long-name}', '/a/{x}'), ['/a/{x}', '/{a-long-name}']);
    assert.deepEqual(order('/a/{x}', '/a/{x}/b'), ['/a/{x}/b', '/a/{x}']);
    assert.deepEqual(order('/a.*', '/ab(c|d)'), ['/ab(c|d)', '/a.*']);
    assert.deepEqual(order('/abc?', '/ab[cd]'), ['/ab[cd]', '/abc?']);
  });
});

describe('what is refused', () => {
  for (const path of ['', 'user', '=user', '^~user', '/a/{x}/{x}', '/a/{', '/a/{}', '/a/}', '/a/{1}', '/(', '/[a']) {
    it(JSON.stringify(path), () => {
      assert.throws(
        () => parsePath(path),
        (error: unknown) =>
          error instanceof CloudError && error.code === 'InvalidParameterValue.InvalidApiRequestConfig',
      );
    });
  }
});

describe('in general', () => {
  const segment = fc.stringMatching(/^[A-Za-z0-9._~!@:-]{1,6}$/);
  const path = fc.array(segment, { minLength: 1, maxLength: 4 }).map(s => `/${s.join('/')}`);

  it('a template gives back exactly what was put in its place', () => {
    fc.assert(
      fc.property(fc.array(segment, { minLength: 1, maxLength: 4 }), segment, (values, literal) => {
        const template = values.map((_, i) => `/${literal}/{p${i}}`).join('');
        const sent = values.map(value => `/${literal}/${value}`).join('');
        const found = parsePath(template).match(sent);
        assert.deepEqual({ ...found }, Object.fromEntries(values.map((value, i) => [`p${i}`, value])));
      }),
    );
  });

  it('a plain path matches just what begins with it, an exact one just itself', () => {
    fc.assert(
      fc.property(path, path, (a, b) => {
        if (parsePath(a).class !== 'plain') return;
        assert.equal(matches(a, b), b.startsWith(a));
        assert.equal(matches(`^~${a}`, b), b.startsWith(a));
        assert.equal(matches(`=${a}`, b), a === b);
        assert.ok(matches(a, `${a}${b}`));
      }),
    );
  });

  it('sorting does not depend on the order of creation', () => {
    const form = fc.constantFrom('', '=', '^~').chain(mark => path.map(p => mark + p));
    const any = fc.oneof(
      form,
      path.map(p => `${p}/{x}`),
      fc.constant('/'),
      path.map(p => `${p}.*`),
    );
    fc.assert(
      fc.property(fc.uniqueArray(any, { minLength: 2, maxLength: 12 }), paths => {
        assert.deepEqual(order(...paths), order(...paths.toReversed()));
      }),
    );
  });
});

it('matches decoded paths, and takes malformed ones as they are', () => {
  assert.equal(decodePath('/%E4%B8%AD/a%20b'), '/中/a b');
  assert.equal(decodePath('/100%'), '/100%');
  assert.equal(decodePath('/%ff'), '/%ff');
});
