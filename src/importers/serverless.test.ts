import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { CloudError } from '../core/errors.ts';
import { type Env, parseServerless } from './serverless.ts';

const PATH = '/p/shop/serverless.yml';
const parse = (text: string, env: Env = {}) => parseServerless(text, PATH, env);

function refusal(text: string, env: Env = {}): { code: string; en: string; zh: string; line: number } {
  try {
    parse(text, env);
  } catch (error) {
    if (!(error instanceof CloudError)) throw error;
    const en = error.text('en');
    return { code: error.code, en, zh: error.text('zh'), line: Number(/serverless\.yml:(\d+)/.exec(en)?.[1]) };
  }
  throw new Error('not refused');
}

const WHOLE = `
component: scf # the only one
name: demo
app: shop
inputs:
  name: \${name}-\${stage}-\${app}
  namespace: test
  region: ap-shanghai
  src:
    src: ./code
    exclude: ['node_modules/**', '*.log']
  type: event
  runtime: Nodejs18.15
  handler: index.main_handler
  description: A demo
  memorySize: 256
  timeout: 20
  initTimeout: 30
  layers:
    - name: base
      version: 3
    - { name: own, version: '\${env:LAYER}' }
  environment:
    variables:
      TEXT: value
      NUMBER: 5
      YES: true
  asyncRunEnable: true
  traceEnable: 'false'
  deadLetter: { type: CMQ-QUEUE, name: dlq }
  msgTTL: 600
  role: exRole
  publicAccess: true
  vpcConfig:
    vpcId: vpc-1
    subnetId: subnet-1
  tags:
    key1: value1
  events:
    - timer:
        parameters:
          cronExpression: '*/5 * * * * * *'
          enable: false
          argument: hello
          qualifier: $LATEST
    - apigw:
        name: gate
        parameters:
          serviceName: shop
          protocols: [http, https]
          environment: test
          endpoints:
            - path: /users
              method: post
              function:
                isIntegratedResponse: true
                isBase64Encoded: true
            - path: /
              description: all
`;

test('a whole file of the vendor form', () => {
  const project = parse(WHOLE, { LAYER: '12' });
  const { triggers, ...rest } = project;
  assert.deepEqual(rest, {
    name: 'demo-dev-shop',
    namespace: 'test',
    region: 'ap-shanghai',
    type: 'Event',
    webSocket: undefined,
    requestsPerInstance: undefined,
    runtime: 'Nodejs18.15',
    handler: 'index.main_handler',
    description: 'A demo',
    memoryMB: 256,
    timeoutS: 20,
    initTimeoutS: 30,
    environment: { TEXT: 'value', NUMBER: '5', YES: 'true' },
    layers: [
      { name: 'base', version: 3 },
      { name: 'own', version: 12 },
    ],
    asyncRun: true,
    traced: false,
    deadLetter: { type: 'CMQ-QUEUE', name: 'dlq', filterType: '' },
    retries: { retryNum: 2, msgTtlS: 600 },
    echoed: {
      Role: 'exRole',
      PublicNetConfig: { PublicNetStatus: 'ENABLE' },
      VpcConfig: { VpcId: 'vpc-1', SubnetId: 'subnet-1' },
      Tags: [{ Key: 'key1', Value: 'value1' }],
    },
    source: { folder: './code', exclude: ['node_modules/**', '*.log'] },
  });
  assert.deepEqual(
    triggers?.map(({ desc, ...trigger }) => trigger),
    [
      { type: 'timer', name: 'timer', enabled: false, qualifier: '$LATEST', argument: 'hello', description: '' },
      {
        type: 'apigw',
        name: 'gate',
        enabled: true,
        qualifier: '$DEFAULT',
        argument: '',
        description: '',
        service: triggers?.[1]?.service,
      },
      {
        type: 'apigw',
        name: 'gate-2',
        enabled: true,
        qualifier: '$DEFAULT',
        argument: '',
        description: 'all',
        service: triggers?.[1]?.service,
      },
    ],
  );
  assert.equal(triggers?.[0]?.desc, '*/5 * * * * * *');
  assert.ok(triggers?.[1]?.service);
  assert.deepEqual(JSON.parse(triggers?.[1]?.desc ?? ''), {
    api: {
      authRequired: 'FALSE',
      requestConfig: { method: 'POST', path: '/users' },
      isIntegratedResponse: 'TRUE',
      IsBase64Encoded: 'TRUE',
    },
    service: { serviceName: 'shop' },
    release: { environmentName: 'test' },
  });
  assert.deepEqual(JSON.parse(triggers?.[2]?.desc ?? '').api, {
    authRequired: 'FALSE',
    requestConfig: { method: 'ANY', path: '/' },
    isIntegratedResponse: 'FALSE',
    IsBase64Encoded: 'FALSE',
  });
});

test('an empty role takes the role away, none leaves it', () => {
  const roleOf = (inputs: string) => parse(`component: scf\n${inputs}`).echoed.Role;
  assert.equal(roleOf("inputs:\n  role: ''\n"), '');
  assert.equal(roleOf('inputs:\n  role: SCF_ExecuteRole\n'), 'SCF_ExecuteRole');
  assert.equal(roleOf(''), undefined);
});

test('what is not said stays open, and the folder gives the name', () => {
  const project = parse('component: scf\n');
  assert.equal(project.name, 'shop');
  assert.equal(project.runtime, undefined);
  assert.equal(project.triggers, undefined);
  assert.deepEqual(
    [project.asyncRun, project.traced, project.deadLetter, project.retries],
    [undefined, undefined, undefined, undefined],
  );
  assert.deepEqual(project.source, { folder: '.', exclude: [] });
  assert.deepEqual(parse('component: scf\ninputs: {src: ./src}').source, { folder: './src', exclude: [] });
  assert.deepEqual(parse('component: scf\ninputs: {events: []}').triggers, []);
});

test('code from a folder, by way of a bucket, and from one', () => {
  const source = (text: string) => parse(`component: scf\ninputs:\n  src: {${text}}`).source;
  assert.deepEqual(source('src: ./a, bucket: b, exclude: [c]'), { folder: './a', exclude: ['c'], bucket: 'b' });
  assert.deepEqual(source('exclude: [c]'), { folder: '.', exclude: ['c'] });
  assert.deepEqual(source('bucket: code-1250000000, object: /a/b.zip'), {
    bucket: 'code-1250000000',
    object: '/a/b.zip',
  });
  assert.deepEqual(source('bucket: 7, object: 8'), { bucket: '7', object: '8' });
  for (const keys of ['src, object', 'src, bucket, object', 'bucket, object, exclude', 'bucket', 'object']) {
    const given = keys.replaceAll(/\w+/g, key => (key === 'exclude' ? 'exclude: []' : `${key}: a`));
    const { code, line, en, zh } = refusal(`component: scf\ninputs:\n  src: {${given}}`);
    assert.deepEqual([code, line], ['Project.Source', 3], keys);
    const named = keys.split(', ').toSorted();
    for (const text of [/has ([\w, ]+)\./.exec(en)?.[1], /给出了 ([\w, ]+)，/.exec(zh)?.[1]])
      assert.deepEqual(text?.split(', ').toSorted(), named);
  }
});

test('whether the role of the service is made may be said', () => {
  for (const value of ['true', 'false']) parse(`component: scf\ninputs: {enableRoleAuth: ${value}}`);
});

test('settings of asynchronous calls', () => {
  const inputs = (text: string) => parse(`component: scf\ninputs: {${text}}`);
  assert.deepEqual(inputs('retryNum: 0').retries, { retryNum: 0, msgTtlS: 21600 });
  assert.deepEqual(inputs('retryNum: 1, msgTTL: 60').retries, { retryNum: 1, msgTtlS: 60 });
  assert.deepEqual(inputs('deadLetter: {}').deadLetter, { type: '', name: '', filterType: '' });
  assert.deepEqual(inputs('deadLetter: {type: topic, name: d, filterType: t}').deadLetter, {
    type: 'topic',
    name: 'd',
    filterType: 't',
  });
  assert.equal(inputs('asyncRunEnable: false').asyncRun, false);
  assert.equal(parse(`component: scf\ninputs: {traceEnable: "\${env:TRACE}"}`, { TRACE: 'true' }).traced, true);
});

test('the newer spelling of triggers, flat or with parameters', () => {
  const text = `component: scf
inputs:
  triggers:
    - type: timer
      name: tick
      cronExpression: '0 * * * * * *'
      argument: {a: 1}
    - type: timer
      parameters:
        name: tock
        cronExpression: '1 * * * * * *'
    - type: timer
      name: tick
      cronExpression: '2 * * * * * *'
`;
  assert.deepEqual(
    parse(text).triggers?.map(one => [one.name, one.desc, one.argument, one.enabled]),
    [
      ['tick', '0 * * * * * *', '{"a":1}', true],
      ['tock', '1 * * * * * *', '', true],
      ['tick-2', '2 * * * * * *', '', true],
    ],
  );
});

test('an existing gateway service is named, and no new one is shared', () => {
  const text =
    'component: scf\ninputs: {events: [{apigw: {parameters: {serviceId: service-abcdefgh, endpoints: [{path: /}]}}}]}';
  const [trigger] = parse(text).triggers ?? [];
  assert.deepEqual(JSON.parse(trigger?.desc ?? '').service, { serviceId: 'service-abcdefgh' });
  assert.equal(trigger?.service, undefined);
});

test('variables come from the file and the environment', () => {
  const text = `component: scf\nname: a\nstage: prod\norg: o\ninputs: {name: "\${env:WHO}-\${stage}", description: "\${org} \${env.WHO} \${app}", memorySize: "\${env:MEM}"}`;
  const project = parse(text, { WHO: 'me', MEM: '512' });
  assert.equal(project.name, 'me-prod');
  assert.equal(project.description, 'o me a');
  assert.equal(project.memoryMB, 512);
});

test('what other functions tell is kept for when they are there, in variables alone', () => {
  const text = `component: scf
name: a
app: shop
inputs:
  environment:
    variables:
      ONE: '\${output:\${stage}:\${app}:b.url}/x'
      TWO: '\${output:dev:shop:\${name}-c.internalDomain} \${ output:dev:shop:b.url }'
`;
  assert.deepEqual(parse(text).environment, {
    ONE: `\${output:b.url}/x`,
    TWO: `\${output:a-c.internalDomain} \${output:b.url}`,
  });
});

test('what is not supported is refused by name and line', () => {
  const cases: [string, string, number, RegExp][] = [
    ['component: scf\ninputs:\n  runtme: x', 'Project.KeyNear', 3, /runtme .*runtime/],
    ['component: scf\ninputs:\n  name: a\n  cfs:\n    - cfsId: x', 'Project.NotBuilt', 4, /cfs/],
    ['component: scf\ninputs:\n  name: a\n  layers:\n    - name: x', 'Project.Needed', 5, /version/],
    ['component: scf\ninputs:\n  layers:\n    - name: x\n      version: new', 'Project.Value', 5, /version/],
    ['component: scf\ninputs:\n  name: a\n  zzzzzzzzzz: 1', 'Project.Key', 4, /memorySize/],
    ['component: scf\n\nwhatever1: 1', 'Project.Key', 3, /whatever1 .*component/],
    [
      'component: scf\ninputs:\n  src:\n    src: .\n    bucket: Code',
      'Project.Value',
      5,
      /src\.bucket must be .*a-z0-9/,
    ],
    [
      'component: scf\ninputs:\n  src:\n    bucket: b\n    key: a.zip',
      'Project.Key',
      5,
      /key .*exclude, bucket, object/,
    ],
    ['component: scf\ninputs:\n  enableRoleAuth: perhaps', 'Project.Value', 3, /enableRoleAuth must be boolean/],
    ['component: scf\ninputs:\n  environment:\n    variable: {}', 'Project.KeyNear', 4, /variables/],
    ['component: website\n', 'Project.Component', 1, /website/],
    ['name: x', 'Project.Needed', 1, /component/],
    ['component: scf\ninputs:\n  memorySize: big', 'Project.Value', 3, /inputs\.memorySize must be (number|int)/],
    ['component: scf\ninputs:\n  asyncRunEnable: maybe', 'Project.Value', 3, /asyncRunEnable must be boolean/],
    ['component: scf\ninputs:\n  deadLetter:\n    queue: d', 'Project.Key', 4, /type, name, filterType/],
    ['component: scf\ninputs:\n  retryNum: often', 'Project.Value', 3, /retryNum/],
    ['component: scf\ninputs:\n  type: Batch', 'Project.Value', 3, /Event \| HTTP/],
    ['component: scf\ninputs:\n  events: none', 'Project.Value', 3, /array/],
    [`component: scf\ninputs:\n  name: "\${who}"`, 'Project.Variable', 3, /\$\{who\}/],
    [`component: scf\ninputs:\n  name: "\${env:WHO}"`, 'Project.Variable', 3, /env:WHO/],
    [`component: scf\ninputs:\n  name: "\${output:dev:x.y}"`, 'Project.Output', 3, /output:dev:x\.y/],
    [`component: scf\nname: x\ninputs:\n  description: "\${output:dev:x:a.url}"`, 'Project.Output', 4, /environment/],
    ...['prod:x:a.url', 'dev:y:a.url', 'dev:x:a.vpcId', 'dev:x:a'].map(
      text =>
        [
          `component: scf\nname: x\ninputs:\n  environment:\n    variables:\n      A: "\${output:${text}}"`,
          'Project.Output',
          6,
          new RegExp(`output:${text}.*url, internalDomain`),
        ] as [string, string, number, RegExp],
    ),
    ['component: scf\ninputs: [', 'Project.Yaml', 2, /YAML/],
    ['component: scf\ncomponent: scf', 'Project.Yaml', 2, /unique/],
  ];
  for (const [text, code, line, words] of cases) {
    const refused = refusal(text);
    assert.deepEqual([refused.code, refused.line], [code, line], text);
    assert.match(refused.en, words);
    assert.ok(refused.zh.includes(`${PATH}:${line}`), refused.zh);
  }
});

test('triggers that are not supported are refused by name and line', () => {
  const event = (body: string) => `component: scf\ninputs:\n  events:\n${body}`;
  const cases: [string, string, number, RegExp][] = [
    ['    - cls:\n        parameters: {topicId: b}', 'Project.Kind', 4, /cls .*timer, apigw/],
    ['    - timer:\n        parameters:\n          cron: x', 'Project.Key', 6, /cronExpression/],
    ['    - timer:\n        parameters:\n          enable: true', 'Project.Needed', 5, /cronExpression/],
    ['    - timer: {}\n      apigw: {}', 'Project.OneKind', 4, /timer, apigw/],
    ['    - timer:\n        qualifier: x', 'Project.Key', 5, /qualifier/],
    ['    - apigw:\n        parameters:\n          endpoints: []', 'Project.Value', 6, /endpoints must be ≥ 1/],
    ['    - apigw:\n        parameters:\n          endpoints:\n            - method: GET', 'Project.Needed', 7, /path/],
    ['    - http:\n        parameters:\n          authType: ANY', 'Project.Value', 6, /NONE \| CAM/],
    ['    - clb:\n        parameters:\n          port: 80', 'Project.Needed', 5, /domain/],
    ['    - cos:\n        parameters:\n          bucket: b', 'Project.Needed', 5, /events/],
    [
      '    - cos:\n        parameters:\n          bucket: b\n          events: e\n          filter:\n            Prefix: a',
      'Project.KeyNear',
      9,
      /mean prefix/,
    ],
    [
      '    - apigw:\n        parameters:\n          endpoints:\n            - path: /\n              usagePlan: {}',
      'Project.NotBuilt',
      8,
      /usagePlan/,
    ],
    [
      '    - apigw:\n        parameters:\n          environment: prod\n          endpoints: [{path: /}]',
      'Project.Value',
      6,
      /release \| test \| prepub/,
    ],
  ];
  for (const [body, code, line, words] of cases) {
    const refused = refusal(event(body));
    assert.deepEqual([refused.code, refused.line], [code, line], body);
    assert.match(refused.en, words);
  }
  const typeless = 'component: scf\ninputs:\n  triggers:\n    - name: x';
  assert.deepEqual([refusal(typeless).code, refusal(typeless).line], ['Project.OneKind', 4]);
  const stray = 'component: scf\ninputs:\n  triggers:\n    - type: timer\n      qualifier: x\n      parameters: {}';
  assert.deepEqual([refusal(stray).code, refusal(stray).line], ['Project.Key', 5]);
});

test('property: an unknown key is refused at its own line, wherever it stands', () => {
  const known = ['name', 'runtime', 'handler', 'region'];
  fc.assert(
    fc.property(fc.integer({ min: 0, max: known.length }), fc.integer({ min: 0, max: 5 }), (place, blank) => {
      const lines = known.map(key => `  ${key}: abc`);
      lines.splice(place, 0, ...Array.from({ length: blank }, () => '  # nothing'), '  qqqqqqqqqqqq: 1');
      const refused = refusal(['component: scf', 'inputs:', ...lines].join('\n'));
      assert.deepEqual([refused.code, refused.line], ['Project.Key', 3 + place + blank]);
    }),
  );
});

test('property: any text is read or refused in words, never with another exception', () => {
  const piece = fc.constantFrom(
    'component: scf\n',
    'inputs:\n',
    '  events:\n',
    '    - timer:\n',
    '  name: x\n',
    '- a\n',
    ': :\n',
    '  src: 1\n',
    '"',
    '{',
    '*a\n',
    '&a b\n',
  );
  fc.assert(
    fc.property(fc.array(fc.oneof(piece, fc.string({ maxLength: 6 }))), pieces => {
      try {
        parse(pieces.join(''));
      } catch (error) {
        assert.ok(error instanceof CloudError, String(error));
      }
    }),
    { numRuns: 500 },
  );
});

test('a web function with its own settings, a URL and a rule of a load balancer', () => {
  const project = parse(`component: scf
name: web
inputs:
  type: web
  protocolType: WS
  protocolParams: { wsParams: { idleTimeOut: '60' } }
  instanceConcurrencyConfig: { enable: true, maxConcurrency: 20 }
  events:
    - http:
        parameters:
          qualifier: $LATEST
          corsConfig: { enable: true, origins: 'https://a, https://b', maxAge: 10 }
    - clb:
        parameters: { loadBalanceId: lb-12345678, protocol: https, port: '8443', domain: A.example, url: /x }
    - clb:
        parameters: { domain: b.example, weight: 0 }
`);
  assert.equal(project.type, 'HTTP');
  assert.deepEqual(project.webSocket, { idleTimeoutS: 60 });
  assert.equal(project.requestsPerInstance, 20);
  const [url, rule, other] = project.triggers ?? [];
  assert.deepEqual([url?.type, url?.name, url?.qualifier], ['http', 'url-trigger', '$LATEST']);
  assert.deepEqual(JSON.parse(url?.desc ?? ''), {
    AuthType: 'NONE',
    NetConfig: { EnableIntranet: false, EnableExtranet: true },
    CorsConfig: { Enable: true, Origins: ['https://a', 'https://b'], MaxAge: 10 },
  });
  assert.deepEqual(JSON.parse(rule?.desc ?? ''), {
    loadBalancerId: 'lb-12345678',
    protocol: 'HTTPS',
    port: 8443,
    domain: 'a.example',
    url: '/x',
    weight: 10,
  });
  assert.deepEqual(JSON.parse(other?.desc ?? ''), {
    loadBalancerName: 'SCF_CLB',
    protocol: 'HTTP',
    port: 80,
    domain: 'b.example',
    url: '/',
    weight: 0,
  });
  assert.equal(parse('component: scf\ninputs:\n  instanceConcurrencyConfig: { enable: false }').requestsPerInstance, 1);
});

test('rules of buckets, which share the name of theirs', () => {
  const { triggers } = parse(`component: scf
name: f
inputs:
  events:
    - cos:
        name: pictures
        parameters:
          qualifier: $LATEST
          bucket: cli-1250000000.cos.ap-beijing.myqcloud.com
          filter: { prefix: filterdir/, suffix: .jpg }
          events: cos:ObjectCreated:*
          enable: false
  triggers:
    - type: cos
      bucket: cli-1250000000.cos.ap-beijing.myqcloud.com
      events: cos:ObjectRemove:*
`);
  const name = 'cli-1250000000.cos.ap-beijing.myqcloud.com';
  const same = { type: 'cos', name, argument: '', description: '' };
  assert.deepEqual(triggers, [
    {
      ...same,
      qualifier: '$LATEST',
      enabled: false,
      desc: '{"event":"cos:ObjectCreated:*","filter":{"Prefix":"filterdir/","Suffix":".jpg"}}',
    },
    {
      ...same,
      qualifier: '$DEFAULT',
      enabled: true,
      desc: '{"event":"cos:ObjectRemove:*","filter":{"Prefix":"","Suffix":""}}',
    },
  ]);
});

test('endpoints that a trigger cannot say become APIs of a gateway service', () => {
  const { triggers, gateways } = parse(`component: scf
name: chat
inputs:
  events:
    - apigw:
        parameters:
          serviceName: chat
          protocols: [http]
          endpoints:
            - path: /ws
              protocol: WEBSOCKET
              serviceTimeout: 10
              function: { registerFunctionName: enter, cleanupFunctionName: leave, functionQualifier: $LATEST }
            - path: /page
              method: get
              enableCORS: true
              param: [{ name: q, position: query, required: true }]
              function: { isIntegratedResponse: true }
    - timer: { parameters: { cronExpression: '0 * * * * * *' } }
`);
  assert.deepEqual(
    triggers?.map(one => one.type),
    ['timer'],
  );
  const [gateway] = gateways ?? [];
  assert.deepEqual(
    [gateway?.serviceId, gateway?.serviceName, gateway?.protocol, gateway?.environment],
    [undefined, 'chat', 'http', 'release'],
  );
  const [socket, page] = gateway?.apis ?? [];
  assert.deepEqual(socket?.functions, {
    WebsocketTransport: '',
    WebsocketRegister: 'enter',
    WebsocketCleanup: 'leave',
  });
  assert.deepEqual([socket?.method, socket?.qualifier, socket?.settings.Protocol], ['GET', '$LATEST', 'WEBSOCKET']);
  assert.deepEqual([page?.method, page?.qualifier, page?.functions], ['GET', '$DEFAULT', { Scf: '' }]);
  assert.equal(page?.settings.EnableCORS, true);
  assert.equal(page?.settings.ServiceScfIsIntegratedResponse, true);
  assert.deepEqual(page?.settings.RequestParameters, [
    { Name: 'q', Position: 'QUERY', Type: 'string', Required: true, Desc: '' },
  ]);
});
