// The parts of the page. Each function makes nodes and knows nothing of the server.
import { stream } from './markdown.js';
import { money, spread, visible } from './text.js';

/** An element with attributes (functions are listeners, undefined is left out) and children. */
export function el(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') made.addEventListener(name, value);
    else if (value === true) made.setAttribute(name, '');
    else if (value !== undefined && value !== false) made.setAttribute(name, String(value));
  }
  made.append(...children.filter((child) => child !== undefined && child !== false));
  return made;
}

export const button = (text, press, attributes = {}) =>
  el('button', { type: 'button', click: press, ...attributes }, text);

const thumbs = {
  up: 'M7 11v9H4v-9zm0 0 4-8c2 0 3 1 3 3l-1 4h6l1 2-2 7-2 1H7',
  down: 'M7 13V4H4v9zm0 0 4 8c2 0 3-1 3-3l-1-4h6l1-2-2-7-2-1H7',
};

function thumb(which) {
  const space = 'http://www.w3.org/2000/svg';
  const svg = document.createElementNS(space, 'svg');
  const path = document.createElementNS(space, 'path');
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.setAttribute('aria-hidden', 'true');
  path.setAttribute('d', thumbs[which]);
  svg.append(path);
  return svg;
}

/** What a call is called: its summary, and else its endpoint. */
export const nameOf = (call) =>
  visible(call.summary || (call.path ? `${call.method} ${call.module}${call.path}` : call.tool));

/** A message of the person. */
export function personTurn(say, text) {
  return el('article', { class: 'asst-person', 'aria-label': say('you') }, el('p', {}, text));
}

/**
 * What models said to one message: text, calls and what they took. Pieces are shown with the next frame; `now` shows them
 * at once.
 */
export function modelTurn(say, locale, act) {
  const element = el('article', { class: 'asst-model', 'aria-label': say('assistant') });
  const calls = new Map();
  const totals = {
    input: 0,
    output: 0,
    micros: 0,
    leftOut: 0,
    currency: '',
    estimated: false,
    unknown: false,
  };
  let writing; // {kind, to}: what grows
  let waiting;
  let frame = 0;
  let answer;
  let noted;

  const busy = (text) => {
    waiting?.remove();
    waiting = text ? el('p', { class: 'asst-busy' }, text) : undefined;
    if (waiting) element.append(waiting);
  };
  const now = (last = false) => {
    cancelAnimationFrame(frame);
    frame = 0;
    writing?.to.show(last);
  };
  const finish = () => {
    now(true);
    if (writing?.kind === 'reasoning') writing.box.open = false;
    writing = undefined;
  };
  const begin = (kind) => {
    finish();
    busy('');
    const box = el('div', { class: 'asst-text' });
    if (kind === 'reasoning') {
      const frame = el('details', { class: 'asst-reasoning' }, el('summary', {}, say('reasoning')), box);
      element.append(frame);
      writing = { kind, to: stream(box), box: frame };
      return;
    }
    if (kind === 'refusal') box.classList.add('asst-refusal');
    element.append(box);
    writing = { kind, to: stream(box) };
  };

  return {
    element,
    busy,
    /** A piece of text, reasoning or refusal. */
    piece(kind, text) {
      if (writing?.kind !== kind) begin(kind);
      writing.to.append(text);
      frame ||= requestAnimationFrame(() => {
        frame = 0;
        writing?.to.show();
      });
    },
    call(one) {
      finish();
      busy('');
      const summary = el('summary', {}, say('calling', { what: nameOf(one) }));
      const body = el('div', { class: 'asst-call-body' });
      if (one.path)
        body.append(
          el(
            'p',
            { class: 'asst-endpoint' },
            el('code', {}, visible(`${one.method} ${one.module}${one.path}`)),
          ),
        );
      body.append(
        el('h3', {}, say('arguments')),
        el('pre', { tabindex: 0 }, el('code', {}, spread(one.arguments))),
      );
      const box = el('details', { class: 'asst-call' }, summary, body);
      calls.set(one.id, { one, box, summary, body, open: true });
      element.append(box);
    },
    /** A call that waited was let go, and nobody has heard of it yet. */
    called(id) {
      const found = calls.get(id);
      if (!found) return;
      found.open = true;
      found.summary.textContent = say('calling', { what: nameOf(found.one) });
    },
    /** Whether there is a call of which nobody has heard how it ended. */
    get open() {
      return [...calls.values()].some((found) => found.open);
    },
    result(result) {
      const found = calls.get(result.id);
      if (!found) return;
      found.open = false;
      found.summary.textContent =
        say(`call.${result.state}`, { what: nameOf(found.one) }) +
        (result.status ? ` (${result.status})` : '');
      found.box.dataset.state = result.state;
      if (!result.result) return;
      found.body.append(
        el('h3', {}, say('result')),
        el(
          'pre',
          { tabindex: 0 },
          el('code', {}, /^\s*[[{"]/.test(result.result) ? spread(result.result) : visible(result.result)),
        ),
      );
      if (result.cut) found.body.append(el('p', { class: 'asst-note' }, say('cut')));
    },
    /** The question before a call that writes; `answered` is told yes or no, once. */
    confirm(question, answered) {
      finish();
      busy('');
      const title = el('h3', { id: `asst-q-${question.id}` }, say('confirm'));
      const choose = (yes) => {
        for (const one of card.querySelectorAll('button')) one.disabled = true;
        card.remove();
        answered(yes);
      };
      const card = el(
        'section',
        { class: 'asst-confirm', 'aria-labelledby': title.id, tabindex: -1 },
        title,
        question.summary && el('p', {}, visible(question.summary)),
        el(
          'p',
          { class: 'asst-endpoint' },
          el('code', {}, visible(`${question.method} ${question.module}${question.path}`)),
        ),
        el('p', { class: 'asst-note' }, say('exact')),
        el(
          'pre',
          { tabindex: 0, 'aria-label': say('arguments') },
          el('code', {}, spread(question.arguments)),
        ),
        el(
          'div',
          { class: 'asst-row' },
          button(say('yes'), () => choose(true), { class: 'asst-primary' }),
          button(say('no'), () => choose(false)),
        ),
      );
      element.append(card);
      return card;
    },
    /** Who answered and what a round took. */
    usage(one) {
      answer = one;
      totals.leftOut = Math.max(totals.leftOut, one.left_out ?? 0);
      totals.input += one.usage.input;
      totals.output += one.usage.output;
      totals.estimated ||= one.usage.estimated;
      totals.micros += one.cost.micros;
      totals.currency ||= one.cost.currency;
      totals.unknown ||= one.cost.unknown;
    },
    /** Says why an answer is not whole, with a way to have it again. */
    note(text, retry) {
      finish();
      busy('');
      noted = el('p', { class: 'asst-fault' }, text, ' ');
      if (retry) noted.append(button(say('again'), retry));
      element.append(noted);
    },
    finish,
    /** The line under an answer: who, how much, and whether it was good. */
    foot(retry) {
      finish();
      busy('');
      if (!answer) return;
      const facts = [[answer.provider, answer.model].filter(Boolean).join('/')];
      if (totals.input + totals.output > 0)
        facts.push(
          say('used', { input: totals.input, output: totals.output }) +
            (totals.estimated ? ` (${say('estimated')})` : ''),
        );
      if (totals.currency) facts.push(money(totals, locale));
      if (totals.unknown) facts.push(say('unknownCost'));
      const line = el('div', { class: 'asst-foot' }, el('span', {}, facts.filter(Boolean).join(' · ')));
      if (!noted && retry) line.append(button(say('again'), retry, { class: 'asst-quiet' }));
      if (act) line.append(...feedback(answer.request));
      element.append(line);
      if (totals.leftOut)
        element.append(el('p', { class: 'asst-note' }, say('forgotten', { count: totals.leftOut })));
    },
    /** Takes the way to try again away, once something has followed. */
    settle() {
      for (const one of element.querySelectorAll('.asst-fault button, .asst-foot > .asst-quiet'))
        one.remove();
    },
  };

  function feedback(request) {
    let given = '';
    const press = (which) => async () => {
      const next = given === which ? '' : which;
      if (!next || !(await act(request, { thumb: next }))) return;
      given = next;
      for (const [name, one] of Object.entries(both))
        one.setAttribute('aria-pressed', String(name === given));
      if (!comment.isConnected) element.append(comment);
    };
    const both = {
      up: button(thumb('up'), press('up'), {
        class: 'asst-thumb',
        'aria-label': say('good'),
        'aria-pressed': 'false',
      }),
      down: button(thumb('down'), press('down'), {
        class: 'asst-thumb',
        'aria-label': say('bad'),
        'aria-pressed': 'false',
      }),
    };
    const field = el('input', {
      type: 'text',
      maxlength: 1000,
      'aria-label': say('comment'),
      placeholder: say('comment'),
    });
    const send = async (event) => {
      event.preventDefault();
      const text = field.value.trim();
      if (text && (await act(request, { thumb: given, comment: text })))
        comment.replaceChildren(el('p', { class: 'asst-note' }, say('thanks')));
    };
    const comment = el(
      'form',
      { class: 'asst-comment', submit: send },
      field,
      el('button', { type: 'submit' }, say('commentSend')),
    );
    return [both.up, both.down];
  }
}

/** Asks in a dialog; resolves to the text, true where there is no field, or undefined when it was left. */
export function ask(host, say, { title, field, yes, grave }) {
  return new Promise((resolve) => {
    const input =
      field !== undefined &&
      el('input', { type: 'text', maxlength: 80, required: true, value: field, 'aria-label': title });
    const dialog = el(
      'dialog',
      { class: 'asst-dialog', 'aria-label': title },
      el(
        'form',
        { method: 'dialog', submit: () => dialog.close('yes') },
        el('p', {}, title),
        input,
        el(
          'div',
          { class: 'asst-row' },
          el('button', { type: 'submit', class: grave ? 'asst-grave' : 'asst-primary' }, yes),
          button(say('cancel'), () => dialog.close()),
        ),
      ),
    );
    dialog.addEventListener('close', () => {
      const said = dialog.returnValue === 'yes';
      dialog.remove();
      resolve(said ? (input ? input.value : true) : undefined);
    });
    host.append(dialog);
    dialog.showModal();
  });
}
