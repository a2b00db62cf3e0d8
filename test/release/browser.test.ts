// The chat example in a browser: two pages that talk to each other, as its README says.

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { type Browser, chromium, type Page } from 'playwright-core';
import { type Chat, startChat } from '../chat.ts';

const BROWSER = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(path =>
  existsSync(path),
);
/** Only there so that nothing hangs. */
const PATIENCE_MS = 120_000;

describe('two pages of the chat', { skip: !BROWSER && 'no Chromium is installed' }, () => {
  let chat: Chat;
  let browser: Browser;
  before(async () => {
    chat = await startChat();
    // The pages are of this machine; Chromium's own sandbox does not start for root.
    browser = await chromium.launch({ executablePath: BROWSER ?? '', args: ['--no-sandbox'], timeout: PATIENCE_MS });
  });
  after(async () => {
    await browser?.close();
    await chat?.[Symbol.asyncDispose]();
  });

  async function open(name: string): Promise<{ page: Page; errors: string[] }> {
    const page = await browser.newPage();
    page.setDefaultTimeout(PATIENCE_MS);
    const errors: string[] = [];
    page.on('pageerror', error => errors.push(String(error)));
    await page.goto(chat.page);
    await page.getByText('connected', { exact: true }).waitFor();
    await page.getByLabel('Name').fill(name);
    return { page, errors };
  }
  async function say(page: Page, text: string): Promise<void> {
    await page.getByLabel('Message').fill(text);
    await page.getByRole('button').click();
  }

  test('each shows what the other says, as text, and that it has left', async () => {
    const [ada, grace] = [await open('Ada'), await open('Grace')];
    await say(ada.page, 'Is <b>anybody</b> there?');
    await grace.page.getByText('Is <b>anybody</b> there?').waitFor();
    await say(grace.page, '在。');
    const talk = ['AdaIs <b>anybody</b> there?', 'Grace在。'];
    for (const { page } of [ada, grace]) {
      await page.getByText('在。').waitFor();
      assert.deepEqual(await page.locator('#lines li').allTextContents(), talk);
    }
    await ada.page.close();
    await grace.page.getByText('has left').waitFor();
    assert.deepEqual(await grace.page.locator('#lines li').allTextContents(), [...talk, 'Adahas left']);
    assert.deepEqual([...ada.errors, ...grace.errors], []);
  });
});
