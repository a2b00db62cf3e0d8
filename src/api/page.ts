// The page at `/` for a person with a browser.

export interface PageFacts {
  readonly version: string;
  readonly region: string;
  /** Names of the services that have at least one action. */
  readonly services: readonly string[];
  /** The Host header, as the person typed it. */
  readonly host: string;
}

export function page({ version, region, services, host }: PageFacts): string {
  const endpoint = escaped(host);
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>OpenSCF</title>
<style>body{max-width:44rem;margin:3rem auto;padding:0 1rem;font:1rem/1.6 system-ui,sans-serif}pre{overflow:auto;padding:1rem;background:#8881}</style>
<h1>OpenSCF ${escaped(version)}</h1>
<p>This is the Cloud API port of an OpenSCF server. It takes signed calls of the Tencent Cloud API 3.0 for ${services.map(escaped).join(', ')}; calls that name no region go to ${escaped(region)}.</p>
<p>这里是 OpenSCF 服务的云 API 端口，接受腾讯云 API 3.0 的签名请求（${services.map(escaped).join('、')}）；未指定地域时使用 ${escaped(region)}。</p>
<p>With an official SDK, for example the Node.js one:</p>
<pre>import { scf } from 'tencentcloud-sdk-nodejs-scf';

const client = new scf.v20180416.Client({
  credential: { secretId, secretKey },
  region: '${escaped(region)}',
  profile: { httpProfile: { protocol: 'http://', endpoint: '${endpoint}' } },
});
await client.ListFunctions({});</pre>
<p>Or on the command line: <code>openscf ls</code>. The keys were printed on the first start and lie in the data folder.</p>
</html>
`;
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, char => `&#${char.charCodeAt(0)};`);
}
