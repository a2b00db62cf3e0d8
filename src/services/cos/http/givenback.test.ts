import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cpuMs } from '../../../core/fixture.ts';
import { asGivenBack } from './givenback.ts';

const redirects = (...insides: string[]) =>
  `<WebsiteConfiguration>${insides.map(inside => `<RoutingRule><Redirect>${inside}</Redirect></RoutingRule>`).join('')}</WebsiteConfiguration>`;

test('a redirection says that it holds, once', () => {
  const [key, url] = ['<ReplaceKeyWith>a</ReplaceKeyWith>', '<URLRedirect>Disabled</URLRedirect>'];
  const added = '<URLRedirect>Enabled</URLRedirect>';
  assert.equal(
    asGivenBack('website', redirects(key, url + key, key + url, `\n${key}\n`)),
    redirects(key + added, url + key, key + url, `\n${key}\n${added}`),
  );
  const all = '<RedirectAllRequestsTo><Protocol>https</Protocol></RedirectAllRequestsTo>';
  assert.equal(asGivenBack('website', all), all);
});

test('encryption by its documented name, whichever it came by', () => {
  const rule = (name: string) => `<Rule><${name}><SSEAlgorithm>AES256</SSEAlgorithm></${name}></Rule>`;
  const documented = rule('ApplyServerSideEncryptionByDefault');
  assert.equal(asGivenBack('encryption', rule('ApplySideEncryptionConfiguration')), documented);
  assert.equal(asGivenBack('encryption', documented), documented);
});

test("an inventory's switch in lower case", () => {
  const of = (word: string) => `<Prefix>True</Prefix><IsEnabled>${word}</IsEnabled>`;
  for (const word of ['True', ' TRUE ', 'False', 'false'])
    assert.equal(asGivenBack('inventory', of(word)), of(word.toLowerCase()));
});

test('others as they came', () => {
  const xml = '<A><IsEnabled>True</IsEnabled><Redirect></Redirect>ApplySideEncryptionConfiguration</A>';
  for (const config of ['referer', 'replication', 'logging'] as const) assert.equal(asGivenBack(config, xml), xml);
});

test('what looks like many redirections takes no time', () => {
  const xml = `${redirects('<ReplaceKeyWith>a</ReplaceKeyWith>')}<!-- ${'<Redirect>'.repeat(20_000)} -->`;
  const spent = cpuMs(() =>
    assert.match(asGivenBack('website', xml), /<URLRedirect>Enabled<\/URLRedirect><\/Redirect>/),
  );
  // Looking from each of them to the end takes ten seconds.
  assert.ok(spent < 2000, `${spent} ms`);
});
