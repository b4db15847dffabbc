// The page of the guest book: a module's own UI, version 1 of the contract. It
// looks like the rest because it uses the dashboard's CSS custom properties.
export const apiVersion = 1;

/** Draws the page into el and returns what takes it away again. */
export async function mount(el, ctx) {
  const wall = make('ul', { listStyle: 'none', margin: '0', padding: '0', display: 'flex', flexWrap: 'wrap', gap: 'var(--s2)' });
  const said = make('p', { margin: '0', color: 'var(--dim)' });
  const sign = make('button', {
    minHeight: 'var(--target)',
    padding: '0 var(--s4)',
    border: '0',
    borderRadius: 'var(--radius)',
    background: 'var(--accent)',
    color: 'var(--on-accent)',
    font: 'inherit',
    fontWeight: '550',
  });
  sign.type = 'button';
  sign.textContent = 'Sign as a guest';
  const row = make('div', { display: 'flex', flexWrap: 'wrap', alignItems: 'center', gap: 'var(--s3)', marginBottom: 'var(--s4)' });
  row.append(sign, said);

  async function show() {
    const { items } = await ctx.api.get('entries');
    said.textContent = items.length === 0 ? 'Nobody has signed yet.' : `Signed ${items.length} times.`;
    wall.replaceChildren(...items.map((entry) => name(entry, ctx.locale)));
  }

  sign.addEventListener('click', async () => {
    sign.disabled = true;
    try {
      await ctx.api.post('entries', { name: 'A guest' });
      await show();
      ctx.notify('Thank you for signing.', 'good');
    } catch (problem) {
      if (!ctx.signal.aborted) ctx.notify(problem.message, 'bad');
    } finally {
      sign.disabled = false;
    }
  });

  await show();
  el.append(row, wall);
  return () => el.replaceChildren();
}

function name(entry, locale) {
  const item = make('li', {
    padding: 'var(--s1) var(--s3)',
    border: '1px solid var(--line)',
    borderRadius: 'var(--radius-l)',
    background: 'var(--surface)',
  });
  item.textContent = entry.name;
  item.title = new Date(entry.written_at).toLocaleString(locale);
  return item;
}

function make(tag, style) {
  const element = document.createElement(tag);
  Object.assign(element.style, style);
  return element;
}
