import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import fc from 'fast-check';
import { signTc3 } from './tc3.ts';

type Sign3 = (request: Record<string, unknown>) => string;
const require = createRequire(import.meta.url);
const { default: vendor } = require('tencentcloud-sdk-nodejs-common/tencentcloud/common/sign.js') as {
  default: { sign3: Sign3 };
};

const keys = { secretId: 'AKIDEXAMPLE', secretKey: 'Gu5t9xGARNpq86cd98joQYCN3EXAMPLE' };

test("signatures equal the vendor's own, over any request", () => {
  fc.assert(
    fc.property(
      fc.record({
        method: fc.constantFrom('GET', 'POST'),
        params: fc.dictionary(fc.stringMatching(/^[A-Za-z]{1,8}$/), fc.string()),
        timestampS: fc.integer({ min: 0, max: 4_000_000_000 }),
        service: fc.constantFrom('scf', '127', 'localhost:8080'),
        contentType: fc.constantFrom('application/json', 'application/json; charset=utf-8'),
      }),
      ({ method, params, timestampS, service, contentType }) => {
        const query = method === 'GET' ? new URLSearchParams(params).toString() : '';
        const payload = method === 'POST' ? params : '';
        const ours = signTc3({
          ...{ method, query, contentType, timestampS, service, path: '/', host: 'scf.tencentcloudapi.com', ...keys },
          body: method === 'POST' ? JSON.stringify(params) : '',
        });
        const theirs = vendor.sign3({
          ...{ method, payload, timestamp: timestampS, service, ...keys, headers: { 'Content-Type': contentType } },
          url: `https://scf.tencentcloudapi.com/${query && `?${query}`}`,
        });
        assert.equal(ours, theirs);
      },
    ),
  );
});
