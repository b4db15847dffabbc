import {
  useCallback,
  useEffect,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
  type KeyboardEvent,
} from 'react';
import { Button } from '../parts/button';
import { t } from '../strings';
import type { LogBuffer } from './log-buffer';
import { LogRow } from './log-row';
import { heightOf, shown, topOf, type Tall } from './rows';

interface Props {
  id: string;
  buffer: LogBuffer;
  /** The position behind the newest record to show. */
  end: number;
  /** It stands still already. */
  still: boolean;
  busy: boolean;
  /** Whether there are older records to ask for. */
  older: 'more' | 'asking' | 'failed' | 'none';
  onOlder: () => void;
  /** The person reads: nothing may move from now on. */
  onHold: () => void;
  onRequest: (id: string) => void;
  /** The request that is shown alone; empty: all. */
  request: string;
}

// Before the list was measured.
const firstHeight = 600;
const narrowBelow = 640;

/**
 * The records, newest first, of which only those in sight are drawn. One of them takes part in the order of Tab, and
 * the arrows go on from there; it stays drawn when it is scrolled out of sight, or the focus would be lost.
 */
export function LogList(props: Props) {
  const { id, buffer, end, still, busy, older, onOlder, onHold, onRequest, request } = props;
  const box = useRef<HTMLDivElement>(null);
  const [view, setView] = useState({ top: 0, height: firstHeight, narrow: false, rem: 16 });
  const [open, setOpen] = useState<ReadonlyMap<number, number>>(new Map());
  const [active, setActive] = useState<number | null>(null);
  const moved = useRef(false);

  const rowHeight = view.rem * (view.narrow ? 3.25 : 2);
  const count = end - buffer.start;
  const tall = useMemo<Tall[]>(
    () =>
      [...open]
        .map(([position, extra]) => ({ index: end - 1 - position, extra }))
        .filter((row) => row.index >= 0 && row.index < count)
        .sort((a, b) => a.index - b.index),
    [open, end, count],
  );
  const window = shown(count, rowHeight, tall, view.top, view.height);
  const current = active !== null && active < end && active >= buffer.start ? active : end - 1;
  const positions = Array.from({ length: window.end - window.first }, (_, i) => end - 1 - window.first - i);
  if (count > 0 && !positions.includes(current)) positions.push(current);

  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    const measure = () => {
      const rem = parseFloat(getComputedStyle(document.documentElement).fontSize) || 16;
      const height = element.clientHeight || firstHeight;
      const narrow = element.clientWidth > 0 && element.clientWidth < narrowBelow;
      setView((before) => ({ ...before, height, narrow, rem }));
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => {
      observer.disconnect();
    };
  }, []);

  useEffect(() => {
    if (older === 'more' && window.end >= count && count > 0) onOlder();
  }, [older, window.end, count, onOlder]);

  // After the arrows: the row has just been drawn, and is brought into sight.
  useLayoutEffect(() => {
    const element = box.current;
    if (!moved.current || !element) return;
    moved.current = false;
    const index = end - 1 - current;
    const top = topOf(index, rowHeight, tall);
    if (top < element.scrollTop) element.scrollTop = top;
    else if (top + rowHeight > element.scrollTop + view.height)
      element.scrollTop = top + rowHeight - view.height;
    element
      .querySelector<HTMLElement>(`[data-position="${String(current)}"] button`)
      ?.focus({ preventScroll: true });
  }, [current, end, rowHeight, tall, view.height]);

  const scrolled = () => {
    const element = box.current;
    if (!element) return;
    const top = element.scrollTop;
    setView((before) => (before.top === top ? before : { ...before, top }));
    if (!still && top > rowHeight) onHold();
  };

  const pressed = (event: KeyboardEvent) => {
    const page = Math.max(1, Math.floor(view.height / rowHeight) - 1);
    const steps: Record<string, number> = {
      ArrowDown: -1,
      ArrowUp: 1,
      PageDown: -page,
      PageUp: page,
      Home: count,
      End: -count,
    };
    const step = steps[event.key];
    if (step === undefined || !(event.target as HTMLElement).closest('.log-say, .log-rows')) return;
    event.preventDefault();
    onHold();
    moved.current = true;
    setActive(Math.max(buffer.start, Math.min(end - 1, current + step)));
  };

  const toggle = useCallback(
    (position: number) => {
      onHold();
      setActive(position);
      setOpen((before) => {
        const next = new Map(before);
        if (!next.delete(position)) next.set(position, 0);
        return next;
      });
    },
    [onHold],
  );
  const measured = useCallback((position: number, extra: number) => {
    setOpen((before) => (before.get(position) === extra ? before : new Map(before).set(position, extra)));
  }, []);

  return (
    <div
      className={`card flush log stretch ${view.narrow ? 'narrow' : ''}`}
      role="table"
      aria-label={t('logs.records')}
      aria-rowcount={count + 1}
      aria-busy={busy}
    >
      <div role="rowgroup" className="log-head">
        <div role="row" aria-rowindex={1} className="log-cells">
          <span role="columnheader">{t('logs.time')}</span>
          <span role="columnheader">{t('logs.level')}</span>
          <span role="columnheader">{t('logs.module')}</span>
          <span role="columnheader">{t('logs.message')}</span>
        </div>
      </div>
      <div id={id} ref={box} role="rowgroup" className="log-rows" onScroll={scrolled} onKeyDown={pressed}>
        <div
          className="log-space"
          role="presentation"
          style={{ blockSize: heightOf(count, rowHeight, tall) }}
        >
          {positions.map((position) => {
            const record = buffer.at(position);
            const index = end - 1 - position;
            return (
              record && (
                <LogRow
                  key={position}
                  record={record}
                  position={position}
                  index={index}
                  top={topOf(index, rowHeight, tall)}
                  open={open.has(position)}
                  tabbable={position === current}
                  request={request}
                  onToggle={toggle}
                  onMeasure={measured}
                  onRequest={onRequest}
                />
              )
            );
          })}
        </div>
        {count > 0 && (
          <div className="log-foot" role="presentation">
            {older === 'none' && t('logs.oldest')}
            {(older === 'more' || older === 'asking') && t('loading')}
            {older === 'failed' && (
              <>
                {t('logs.failed')} <Button onClick={onOlder}>{t('retry')}</Button>
              </>
            )}
          </div>
        )}
      </div>
    </div>
  );
}
