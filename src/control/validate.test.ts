import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { KEY, throws } from './fixture.ts';
import {
  checkAliasName,
  checkAsyncPolicy,
  checkDescription,
  checkEnvironment,
  checkFunctionName,
  checkInitTimeout,
  checkMemory,
  checkNamespace,
  checkTimeout,
  handlerOf,
} from './validate.ts';

describe('names', () => {
  const functionName = (name: string) => () => checkFunctionName({ ...KEY, name });
  for (const name of ['ab', 'a-b', 'A_1', `a${'b'.repeat(59)}`]) test(`${name} is a function`, functionName(name));
  for (const name of ['', 'a', '1a', 'a-', 'a_', 'a b', 'a.b', '函数', `a${'b'.repeat(60)}`, 'ab\n'])
    test(`${JSON.stringify(name)} is none`, () => throws(functionName(name), 'InvalidParameterValue.FunctionName'));

  test('namespace and name together', () => {
    const namespace = 'n'.repeat(60);
    checkFunctionName({ ...KEY, namespace, name: 'f'.repeat(58) });
    throws(() => checkFunctionName({ ...KEY, namespace, name: 'f'.repeat(59) }), 'InvalidParameterValue.FunctionName');
  });

  test('namespaces', () => {
    for (const name of ['a', 'default', `a${'b'.repeat(59)}`]) checkNamespace(name);
    for (const name of ['', '1', 'a-', `a${'b'.repeat(60)}`])
      throws(() => checkNamespace(name), 'InvalidParameterValue.NamespaceInvalid');
  });

  test('aliases', () => {
    for (const name of ['a', 'a-', `a${'b'.repeat(63)}`]) checkAliasName(name);
    for (const name of ['', '1', '$LATEST', `a${'b'.repeat(64)}`])
      throws(() => checkAliasName(name), 'InvalidParameterValue.Name');
  });
});

describe('numbers', () => {
  test('memory', () => {
    for (const value of [64, 128, 256, 3072]) checkMemory(value);
    for (const value of [0, -128, 63, 65, 100, 192.5, 129])
      throws(() => checkMemory(value), 'InvalidParameterValue.MemorySize');
    throws(() => checkMemory(3200), 'LimitExceeded.Memory');
  });

  test('timeouts', () => {
    for (const value of [1, 900]) checkTimeout(value);
    for (const value of [0, 901, 1.5]) throws(() => checkTimeout(value), 'LimitExceeded.Timeout');
    for (const value of [1, 901, 86_400]) checkTimeout(value, { asyncRun: true });
    for (const value of [0, 86_401, 901.5])
      throws(() => checkTimeout(value, { asyncRun: true }), 'LimitExceeded.Timeout');
    for (const value of [1, 901, 7200]) checkTimeout(value, { protocol: 'WS' });
    for (const value of [0, 7201]) throws(() => checkTimeout(value, { protocol: 'WS' }), 'LimitExceeded.Timeout');
    for (const value of [3, 300]) checkInitTimeout(value);
    for (const value of [2, 301]) throws(() => checkInitTimeout(value), 'LimitExceeded.InitTimeout');
  });

  test('retries', () => {
    checkAsyncPolicy({ retryNum: 0, msgTtlS: 21600 });
    throws(() => checkAsyncPolicy({ retryNum: -1, msgTtlS: 60 }), 'LimitExceeded.RetryNum');
    throws(() => checkAsyncPolicy({ retryNum: 0, msgTtlS: 21601 }), 'LimitExceeded.MsgTTL');
  });

  test('descriptions', () => {
    checkDescription('描'.repeat(1000));
    throws(() => checkDescription('d'.repeat(1001)), 'InvalidParameterValue.Description');
  });
});

describe('environment', () => {
  test('names', () => {
    checkEnvironment({ A: '', a_1: 'x', scf_x: 'lower case is free' });
    for (const name of ['', '1a', '_a', 'a-b', '中'])
      throws(() => checkEnvironment({ [name]: 'x' }), 'InvalidParameterValue.Environment');
    for (const name of ['SCF_A', 'QCLOUD_A', 'TENCENTCLOUD_A', 'TECENTCLOUD_A'])
      throws(() => checkEnvironment({ [name]: 'x' }), 'InvalidParameterValue.EnvironmentSystemProtect');
  });

  test('4 KB in all, names included, in bytes', () => {
    checkEnvironment({ A: 'x'.repeat(4095) });
    throws(() => checkEnvironment({ A: 'x'.repeat(4096) }), 'InvalidParameterValue.EnvironmentExceededLimit');
    throws(() => checkEnvironment({ A: '字'.repeat(1400) }), 'InvalidParameterValue.EnvironmentExceededLimit');
  });
});

describe('handlers', () => {
  const good: [string, string][] = [
    ['Nodejs20.19', 'index.main_handler'],
    ['Python3.9', 'src/app-1.handler'],
    ['Php8.0', 'ab.cd'],
    ['Java8', 'com.example.Hello::mainHandler'],
    ['Go1', 'main'],
    ['CustomRuntime', 'anything at all'],
  ];
  for (const [runtime, handler] of good)
    test(`${runtime}: ${handler}`, () => assert.equal(handlerOf(runtime, handler), handler));

  const bad: [string, string][] = [
    ['Nodejs20.19', 'index'],
    ['Nodejs20.19', 'a.b'],
    ['Nodejs20.19', '1index.main'],
    ['Nodejs20.19', '../index.main'],
    ['Nodejs20.19', '/index.main'],
    ['Python3.9', `${'a'.repeat(61)}.main`],
    ['Java8', 'com.example.Hello.mainHandler'],
    ['Go1', 'bin/main'],
  ];
  for (const [runtime, handler] of bad)
    test(`${runtime}: not ${handler}`, () =>
      throws(() => handlerOf(runtime, handler), 'InvalidParameterValue.Handler'));

  test('the usual one when none is given', () => {
    const usual = ['Python2.7', 'Java11', 'Go1', 'CustomRuntime'].map(runtime => handlerOf(runtime, undefined));
    assert.deepEqual(usual, ['index.main_handler', 'example.Hello::mainHandler', 'main', '']);
    assert.equal(handlerOf('Nodejs20.19', ''), 'index.main_handler');
  });

  test('no text leads out of the package, nor takes for ever', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 200, unit: fc.constantFrom('a', '.', '/', '-', '_', '@') }), text => {
        let handler: string;
        try {
          handler = handlerOf('Nodejs20.19', text);
        } catch {
          return;
        }
        assert.ok(!handler.startsWith('/') && !handler.split('/').some(part => /^\.+$/.test(part)));
      }),
    );
  });
});
