// What a first visit costs on the wire.
import assert from 'node:assert/strict';

const KB = 1000;
const wireLimit = 140 * KB;

export async function weight({ browser, server, step, note }) {
  const person = await browser.person();
  const page = await person.context.newPage();
  await step('the sign-in page weighs at most 140 KB on the wire', async () => {
    const cdp = await person.context.newCDPSession(page);
    await cdp.send('Network.enable');
    let total = 0;
    cdp.on('Network.loadingFinished', ({ encodedDataLength }) => (total += encodedDataLength));
    await page.goto(server.url);
    await page.getByLabel('Email').or(page.getByLabel('Set-up token')).first().waitFor();
    await page.waitForLoadState('networkidle');
    note(`sign-in page: ${(total / KB).toFixed(1)} KB on the wire`);
    assert.ok(total > 0 && total <= wireLimit, `${total} bytes`);
  });
  await person.context.close();
  return person.faults;
}
