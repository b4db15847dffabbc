// The page of the guest book: a module's own UI, version 1 of the contract.
export const apiVersion = 1;

/** Draws the page into el and returns what takes it away again. */
export async function mount(el, ctx) {
  const list = document.createElement('ul');
  list.dataset.testid = 'hello-entries';
  const form = document.createElement('form');
  form.append(nameField(), submitButton());
  Object.assign(form.style, { display: 'flex', gap: '12px', alignItems: 'end', flexWrap: 'wrap' });

  async function show() {
    const { items } = await ctx.api.get('entries');
    list.replaceChildren(...items.map((entry) => item(`${entry.name}, ${day(entry.written_at, ctx.locale)}`)));
    if (items.length === 0) list.replaceChildren(item('Nobody has signed yet.'));
  }

  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    try {
      await ctx.api.post('entries', { name: form.elements.name.value });
      form.reset();
      await show();
    } catch (problem) {
      if (!ctx.signal.aborted) ctx.notify(problem.message, 'bad');
    }
  });

  await show();
  el.append(form, list);
  return () => el.replaceChildren();
}

function nameField() {
  const label = document.createElement('label');
  label.textContent = 'Your name';
  Object.assign(label.style, { display: 'grid', gap: '4px' });
  const input = document.createElement('input');
  Object.assign(input, { name: 'name', required: true, maxLength: 80, autocomplete: 'off' });
  label.append(input);
  return label;
}

function submitButton() {
  const button = document.createElement('button');
  button.textContent = 'Sign';
  return button;
}

function item(text) {
  const entry = document.createElement('li');
  entry.textContent = text;
  return entry;
}

function day(written, locale) {
  return new Date(written).toLocaleDateString(locale, { dateStyle: 'medium' });
}
