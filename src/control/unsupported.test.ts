import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CloudError } from '../core/errors.ts';
import type { Wire } from './control.ts';
import { throws } from './fixture.ts';
import { checkCodeSource, echoOf, refuseUnsupported, UNSUPPORTED } from './unsupported.ts';

/** For every field of the table a request that asks for it. */
const ASKING: Readonly<Record<string, unknown>> = {
  InstallDependency: 'TRUE',
  CfsConfig: { CfsInsList: [{ CfsId: 'cfs-1' }] },
  'PublicNetConfig.PublicNetStatus': 'DISABLE',
  InstanceConcurrencyConfig: { DynamicEnabled: 'FALSE', MaxConcurrency: 10 },
  ProtocolType: 'WS',
  ProtocolParams: { WSParams: { IdleTimeOut: 15 } },
  ClsLogsetId: 'set',
  ClsTopicId: 'topic',
  AutoCreateClsTopic: 'TRUE',
  AutoDeployClsTopicIndex: 'TRUE',
  IgnoreSysLog: true,
  Stamp: 'mine',
  EnvId: 'env-1',
  ResourceEnv: { OFFLINE: true },
  ForceDelete: 'true',
  'Code.TempCosObjectName': '/o',
  'Code.GitUrl': 'https://git',
  'Code.ImageConfig': { ImageUri: 'x' },
  'Content.TempCosObjectName': '/o',
  'Content.GitUrl': 'https://git',
};

function wireOf(field: string, value: unknown): Wire {
  const [head = '', ...rest] = field.split('.');
  return { [head]: rest.length > 0 ? wireOf(rest.join('.'), value) : value };
}

for (const field of new Set(UNSUPPORTED.map(row => row.field).filter(field => field !== 'CodeSource')))
  test(`${field} is refused with its name, in both languages`, () => {
    assert.ok(field in ASKING, 'a row without a request that asks for it');
    assert.throws(
      () => refuseUnsupported(wireOf(field, ASKING[field])),
      error =>
        error instanceof CloudError &&
        error.code === 'UnsupportedOperation' &&
        error.text('en').includes(`${field}: `) &&
        error.text('zh').includes(`${field}：`),
    );
  });

for (const source of ['TempCos', 'Git', 'Image'])
  test(`CodeSource ${source} is refused`, () =>
    throws(() => refuseUnsupported({ CodeSource: source }), 'UnsupportedOperation'));

test('what switches off or says nothing passes, the documented ways of clearing among it', () => {
  refuseUnsupported({
    Type: 'Event',
    InstallDependency: 'FALSE',
    CfsConfig: { CfsInsList: [] },
    PublicNetConfig: { PublicNetStatus: 'ENABLE', EipConfig: { EipStatus: 'DISABLE' } },
    InstanceConcurrencyConfig: { DynamicEnabled: '', MaxConcurrency: 0 },
    ProtocolType: '',
    ProtocolParams: {},
    ClsLogsetId: '',
    ClsTopicId: '',
    AutoCreateClsTopic: 'FALSE',
    IgnoreSysLog: false,
    Stamp: 'default',
    Code: { ZipFile: 'UEs=', CosBucketName: '' },
    CodeSource: 'ZipFile',
    Unknown: 'ignored',
  });
  refuseUnsupported({ CfsConfig: undefined, Code: null });
});

test('settings without a counterpart come back as they came', () => {
  const wire = {
    VpcConfig: { VpcId: 'v', SubnetId: 's' },
    PublicNetConfig: { PublicNetStatus: 'ENABLE', EipConfig: { EipStatus: 'ENABLE' } },
    DnsCache: 'TRUE',
    IntranetConfig: null,
  };
  const { IntranetConfig: _, ...kept } = wire;
  assert.deepEqual(echoOf(wire), kept);
  throws(() => echoOf({ PublicNetConfig: { PublicNetStatus: 'on' } }), 'InvalidParameterValue.PublicNetConfig');
  throws(
    () => echoOf({ PublicNetConfig: { PublicNetStatus: 'ENABLE', EipConfig: { EipStatus: 1 } } }),
    'InvalidParameterValue.EipConfig',
  );
});

test('what web functions have passes for them alone', () => {
  const wire = {
    InstanceConcurrencyConfig: { MaxConcurrency: 2 },
    ProtocolType: 'WS',
    ProtocolParams: { WSParams: { IdleTimeOut: 15 } },
  };
  refuseUnsupported(wire, undefined, 'HTTP');
  throws(() => refuseUnsupported({ ...wire, Stamp: 'r' }, undefined, 'HTTP'), 'UnsupportedOperation');
  throws(() => refuseUnsupported(wire), 'UnsupportedOperation');
});

test('code sources that nobody knows', () => {
  checkCodeSource({ CodeSource: 'zipfile' });
  checkCodeSource({ CodeSource: 'Cos' });
  throws(() => checkCodeSource({ CodeSource: 'Ftp' }), 'InvalidParameterValue.CodeSource');
});
