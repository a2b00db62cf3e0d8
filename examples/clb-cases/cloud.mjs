// Calls of the clb API, signed with TC3-HMAC-SHA256, and what both cases make.

import { createHash, createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer, request as httpRequest } from 'node:http';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

const data = process.env.OPENSCF_DATA ?? '.openscf';
const read = name => JSON.parse(readFileSync(join(data, name), 'utf8'));
const { secretId, secretKey } = read('credentials.json');
const endpoint = process.env.OPENSCF_ENDPOINT ?? read('server.json').endpoint;
export const PORT = Number(process.env.PORT ?? 8080);
export const FUNCTION = process.env.FUNCTION ?? 'clb-python';

const sha256 = text => createHash('sha256').update(text).digest('hex');
const hmac = (key, text) => createHmac('sha256', key).update(text).digest();

async function call(action, params) {
  const body = JSON.stringify(params);
  const { host } = new URL(endpoint);
  const timestamp = String(Math.floor(Date.now() / 1000));
  const date = new Date(timestamp * 1000).toISOString().slice(0, 10);
  const scope = `${date}/clb/tc3_request`;
  const canonical = `POST\n/\n\ncontent-type:application/json\nhost:${host}\n\ncontent-type;host\n${sha256(body)}`;
  const key = hmac(hmac(hmac(`TC3${secretKey}`, date), 'clb'), 'tc3_request');
  const signature = hmac(key, `TC3-HMAC-SHA256\n${timestamp}\n${scope}\n${sha256(canonical)}`).toString('hex');
  const response = await fetch(endpoint, {
    method: 'POST',
    body,
    headers: {
      Authorization: `TC3-HMAC-SHA256 Credential=${secretId}/${scope}, SignedHeaders=content-type;host, Signature=${signature}`,
      'Content-Type': 'application/json',
      'X-TC-Action': action,
      'X-TC-Version': '2018-03-17',
      'X-TC-Region': 'ap-guangzhou',
      'X-TC-Timestamp': timestamp,
      'X-TC-Language': 'en-US',
    },
  });
  const { Response } = await response.json();
  if (Response.Error) throw new Error(`${action}: ${Response.Error.Code}: ${Response.Error.Message}`);
  return Response;
}

/** Changes are tasks: RequestId of the call names them, and 0 means that they are over. */
async function change(action, params) {
  const answer = await call(action, params);
  for (;;) {
    const { Status, Message } = await call('DescribeTaskStatus', { TaskId: answer.RequestId });
    if (Status === 0) return answer;
    if (Status === 1) throw new Error(`${action}: ${Message}`);
    await wait(100);
  }
}

const made = [];

/** Gives the address of a load balancer with these rules. A rule is `{ domain, server }` or `{ domain, functionName }`. */
export async function balancer(name, rules) {
  const { LoadBalancerIds } = await change('CreateLoadBalancer', { LoadBalancerType: 'OPEN', LoadBalancerName: name });
  const [LoadBalancerId] = LoadBalancerIds;
  made.push(LoadBalancerId);
  const { ListenerIds } = await change('CreateListener', { LoadBalancerId, Ports: [PORT], Protocol: 'HTTP' });
  const [ListenerId] = ListenerIds;
  for (const { domain, server, functionName } of rules) {
    const Rules = [{ Domain: domain, Url: '/', HealthCheck: { HealthSwitch: 0 } }];
    const { LocationIds } = await change('CreateRule', { LoadBalancerId, ListenerId, Rules });
    const place = { LoadBalancerId, ListenerId, LocationId: LocationIds[0] };
    if (server) await change('RegisterTargets', { ...place, Targets: [{ EniIp: '127.0.0.1', Port: server.address().port }] });
    else {
      const Function = { FunctionNamespace: 'default', FunctionName: functionName, FunctionQualifier: '$LATEST' };
      await change('RegisterFunctionTargets', { ...place, FunctionTargets: [{ Function, Weight: 10 }] });
    }
  }
  const { LoadBalancerSet } = await call('DescribeLoadBalancers', { LoadBalancerIds: [LoadBalancerId] });
  return LoadBalancerSet[0].LoadBalancerVips[0];
}

export async function plainServer() {
  const server = createServer((_, response) => response.end('Hello from the server\n'));
  await new Promise(listening => server.listen(0, '127.0.0.1', listening));
  return server;
}

/** What the address answers for the domain; rejects unless that is a 200. */
export function visit(address, domain) {
  return new Promise((resolve, reject) => {
    const request = httpRequest({ host: address, port: PORT, headers: { host: domain } }, response => {
      let body = '';
      response.setEncoding('utf8').on('data', text => (body += text));
      response.on('error', reject).on('end', () => {
        if (response.statusCode === 200) resolve(body);
        else reject(new Error(`${address} answered ${response.statusCode}`));
      });
    });
    request.on('error', reject).end();
  });
}

export async function tidyUp(server) {
  if (made.length > 0) await change('DeleteLoadBalancer', { LoadBalancerIds: made });
  server.close();
}
