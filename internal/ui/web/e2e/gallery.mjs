// The page of every component in every state, which only a development server has.
import { createServer } from 'vite';
import { judging } from './axe.mjs';

export async function gallery({ browser, step, shot }) {
  const vite = await createServer({ server: { port: 0, host: '127.0.0.1', hmr: false }, logLevel: 'error' });
  await vite.listen();
  try {
    const person = await browser.person();
    const page = await person.context.newPage();
    const { judge, found } = judging(page, { step, shot });
    await page.goto(`${vite.resolvedUrls.local[0]}dev/gallery`);
    await page.getByRole('heading', { name: 'Gallery', level: 1 }).waitFor();
    await page.locator('.chart canvas').nth(1).waitFor();
    await page.locator('.prose').waitFor();
    await judge('gallery');
    await page.getByRole('button', { name: 'Good news' }).click();
    await page.getByRole('button', { name: 'Dialog' }).click();
    await page.getByRole('dialog', { name: 'A dialog' }).waitFor();
    await judge('gallery-dialog');
    await step('what is said on a narrow screen leaves the foot of the page free', async () => {
      await page.keyboard.press('Escape');
      await page.setViewportSize({ width: 360, height: 640 });
      await page.getByRole('button', { name: 'Good news' }).click();
      const said = await page.locator('.toast').last().boundingBox();
      if (!said || said.y + said.height > 320) throw new Error(`it is at ${JSON.stringify(said)}`);
      await shot(page, 'toast-360');
    });
    await person.context.close();
    // Two of its samples are parts that fail, which a boundary also tells the console.
    return [...found, ...person.faults.filter((fault) => !/sample/.test(fault))];
  } finally {
    await vite.close();
  }
}
