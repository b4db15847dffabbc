import { render } from '@testing-library/react';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { Tabs } from './tabs';

afterEach(() => {
  vi.restoreAllMocks();
});

function tabs(open: string) {
  return (
    <Tabs label="Models">
      {['gateway', 'requests', 'playground'].map((name) => (
        <a key={name} href={`#${name}`} id={name} aria-current={name === open ? 'page' : undefined}>
          {name}
        </a>
      ))}
    </Tabs>
  );
}

describe('tabs that do not all fit', () => {
  it('show the one that is open, and stay where a person scrolls them to', () => {
    const lefts: Record<string, number> = { gateway: 0, requests: 120, playground: 400 };
    vi.spyOn(Element.prototype, 'getBoundingClientRect').mockImplementation(function (this: Element) {
      return this.id ? new DOMRect(lefts[this.id], 0, 100, 40) : new DOMRect(0, 0, 300, 40);
    });
    const { container, rerender } = render(tabs('playground'));
    const nav = container.querySelector('nav');
    expect(nav?.scrollLeft).toBe(300);
    if (nav) nav.scrollLeft = 10;
    rerender(tabs('playground'));
    expect(nav?.scrollLeft).toBe(10);
  });
});
