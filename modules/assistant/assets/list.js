// The person's conversations, beside the one that is shown or, where there is no room, folded above it.
import { visible } from './text.js';
import { button, el } from './view.js';

const wide = '(min-width: 60rem)';

export class List {
  /** `on` has open(id) and fresh(), which the person asks for. */
  constructor(ctx, say, on) {
    this.ctx = ctx;
    this.say = say;
    this.on = on;
    this.cursor = '';
    this.items = el('ul', { class: 'asst-list' });
    this.more = button(say('more'), () => this.load(true), { hidden: true });
    this.element = el(
      'details',
      { class: 'asst-side', open: matchMedia(wide).matches },
      el('summary', {}, say('conversations')),
      button(say('fresh'), () => on.fresh(), { class: 'asst-fresh' }),
      el('nav', { 'aria-label': say('conversations') }, this.items, this.more),
    );
  }

  /** Reads the list, or its next page, and marks the conversation that is shown. */
  async load(further = false) {
    const after = further && this.cursor ? `&cursor=${encodeURIComponent(this.cursor)}` : '';
    const page = await this.ctx.api.get(`conversations?limit=30${after}`);
    this.cursor = page.next_cursor ?? '';
    this.more.hidden = !this.cursor;
    const items = page.items.map((one) => el('li', {}, this.link(one)));
    if (further) this.items.append(...items);
    else if (items.length > 0) this.items.replaceChildren(...items);
    else this.items.replaceChildren(el('li', { class: 'asst-note' }, this.say('none')));
    this.mark(this.current);
  }

  link(one) {
    return button(visible(one.title), () => this.on.open(one.id), {
      'data-id': one.id,
      title: new Date(one.updated_at).toLocaleString(this.ctx.locale),
    });
  }

  mark(id) {
    this.current = id;
    for (const one of this.items.querySelectorAll('button')) {
      if (one.dataset.id === id) one.setAttribute('aria-current', 'true');
      else one.removeAttribute('aria-current');
    }
  }

  /** Makes room for the conversation where there is little. */
  fold() {
    if (!matchMedia(wide).matches) this.element.open = false;
  }
}
