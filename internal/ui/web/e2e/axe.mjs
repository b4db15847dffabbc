// Judges what a page shows, in both themes and at both widths.
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';

const axeSource = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22a', 'wcag22aa', 'best-practice'];
const colorRules = ['color-contrast', 'link-in-text-block'];
const widths = [1280, 360];
const themes = ['light', 'dark'];

/**
 * Makes `judge(name)` for a page: WCAG 2.2 A and AA and best practices, and no sideways scrolling. What it finds is
 * kept in `found`, to be told with the page's faults at the end, so that one run shows everything. A part of the page
 * that alone is new can be named; of a modal dialog the page behind it is not judged again, which nobody can reach.
 */
export function judging(page, { step, shot }) {
  const found = [];

  async function judge(name, part) {
    await step(name, async () => {
      if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(axeSource);
      for (const width of widths) {
        await page.setViewportSize({ width, height: 860 });
        for (const colorScheme of themes) await look(name, part, width, colorScheme);
      }
      await page.setViewportSize({ width: 1280, height: 860 });
      await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });
    });
  }

  async function look(name, part, width, colorScheme) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    // In the other theme the same document has other colors, and nothing else.
    const only =
      colorScheme === 'light' ? { type: 'tag', values: tags } : { type: 'rule', values: colorRules };
    const { violations, overflow } = await page.evaluate(
      async ([runOnly, part]) => {
        await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
        const modal = document.querySelector('dialog:modal') && 'dialog:modal';
        const result = await window.axe.run(part ?? modal ?? document, {
          runOnly,
          resultTypes: ['violations'],
        });
        return {
          violations: result.violations.map(({ id, nodes }) => ({
            id,
            nodes: nodes.map((node) => node.target.join(' ')),
          })),
          overflow: document.documentElement.scrollWidth - innerWidth,
        };
      },
      [only, part],
    );
    for (const { id, nodes } of violations)
      found.push(`${name} ${width} ${colorScheme} ${id}: ${nodes.join(' | ')}`);
    if (overflow > 0)
      found.push(`${name} ${width} ${colorScheme}: the page scrolls sideways by ${overflow} px`);
    // Each width and each theme is kept once: pictures take longer than judging.
    if ((width === widths[0]) === (colorScheme === 'light'))
      await shot(page, `${name}-${width}-${colorScheme}`);
  }

  return { judge, found };
}
