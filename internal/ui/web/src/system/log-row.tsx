import { memo, useId, useLayoutEffect, useRef } from 'react';
import { absolute } from '../format';
import { region } from '../locale';
import { Button } from '../parts/button';
import { notify } from '../parts/toast';
import { t } from '../strings';
import type { LogRecord } from './types';

interface Props {
  record: LogRecord;
  position: number;
  index: number;
  top: number;
  open: boolean;
  tabbable: boolean;
  /** The request that is shown alone; empty: all. */
  request: string;
  onToggle: (position: number) => void;
  onMeasure: (position: number, extra: number) => void;
  onRequest: (id: string) => void;
}

/** One record: a line, and everything known of it when it is open. */
export const LogRow = memo(function LogRow(props: Props) {
  const { record, position, index, top, open, tabbable, request, onToggle, onMeasure, onRequest } = props;
  const about = useId();
  return (
    <div
      role="row"
      aria-rowindex={index + 2}
      data-position={position}
      className={`log-row ${levelOf(record)} ${open ? 'open' : ''}`}
      style={{ transform: `translateY(${String(top)}px)` }}
    >
      <div className="log-cells" role="presentation">
        <span role="cell" className="log-time">
          <time dateTime={record.time} title={absolute(record.time)}>
            {timeOf(record.time)}
          </time>
        </span>
        <span role="cell" className="log-level">
          {record.level}
        </span>
        <span role="cell" className="log-module">
          {record.module}
        </span>
        <span role="cell" className="log-what">
          <button
            type="button"
            className="log-say"
            tabIndex={tabbable ? 0 : -1}
            aria-expanded={open}
            aria-controls={open ? about : undefined}
            onClick={() => {
              onToggle(position);
            }}
          >
            {record.message || t('form.empty')}
          </button>{' '}
          <span className="dim">{preview(record)}</span>
        </span>
      </div>
      {open && (
        <div role="cell" id={about}>
          <Detail
            record={record}
            request={request}
            onRequest={onRequest}
            onMeasure={(extra) => {
              onMeasure(position, extra);
            }}
          />
        </div>
      )}
    </div>
  );
});

interface DetailProps {
  record: LogRecord;
  request: string;
  onRequest: (id: string) => void;
  onMeasure: (extra: number) => void;
}

function Detail({ record, request, onRequest, onMeasure }: DetailProps) {
  const box = useRef<HTMLDivElement>(null);
  const tell = useRef(onMeasure);
  useLayoutEffect(() => {
    tell.current = onMeasure;
  });
  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    const observer = new ResizeObserver(() => {
      tell.current(element.offsetHeight);
    });
    observer.observe(element);
    tell.current(element.offsetHeight);
    return () => {
      observer.disconnect();
    };
  }, []);
  const { request_id: id, trace_id: trace } = record;
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(JSON.stringify(record, null, 2));
      notify(t('logs.copied'));
    } catch {
      notify(t('logs.uncopied'), 'bad');
    }
  };
  return (
    <div ref={box} className="log-detail">
      <p className="any">{record.message}</p>
      <dl className="pairs">
        <Pair name={t('logs.time')} value={absolute(record.time)} />
        {id && <Pair name={t('logs.request')} value={id} />}
        {trace && <Pair name={t('logs.trace')} value={trace} />}
        {Object.entries(record.attrs).map(([name, value]) => (
          <Pair key={name} name={name} value={text(value, 2)} />
        ))}
      </dl>
      <div className="row">
        {id && id !== request && (
          <Button
            onClick={() => {
              onRequest(id);
            }}
          >
            {t('logs.request.show')}
          </Button>
        )}
        <Button look="bare" onClick={() => void copy()}>
          {t('logs.copy')}
        </Button>
      </div>
    </div>
  );
}

function Pair({ name, value }: { name: string; value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd className="mono">{value}</dd>
    </div>
  );
}

const levels: Record<string, string> = { ERROR: 'bad', WARN: 'warn', DEBUG: 'faint' };

// A level between two names is written as INFO+2.
function levelOf(record: LogRecord): string {
  return levels[record.level.toUpperCase().replace(/[+-].*$/, '')] ?? '';
}

const previewLimit = 200;

function preview(record: LogRecord): string {
  let line = '';
  for (const [name, value] of Object.entries(record.attrs)) {
    if (line.length > previewLimit) break;
    line += `${name}=${text(value)} `;
  }
  return line.slice(0, previewLimit);
}

function text(value: unknown, indent = 0): string {
  return typeof value === 'string' ? value : JSON.stringify(value, null, indent);
}

let formats: { region: string; time: Intl.DateTimeFormat; day: Intl.DateTimeFormat } | undefined;

/** The time of day to the millisecond; the day as well when it is another. */
function timeOf(at: string): string {
  const date = new Date(at);
  if (Number.isNaN(date.getTime())) return at;
  const wanted = region();
  if (formats?.region !== wanted) {
    formats = {
      region: wanted,
      time: new Intl.DateTimeFormat(wanted, {
        hour: '2-digit',
        minute: '2-digit',
        second: '2-digit',
        fractionalSecondDigits: 3,
        hourCycle: 'h23',
      }),
      day: new Intl.DateTimeFormat(wanted, {
        month: 'short',
        day: 'numeric',
        hour: '2-digit',
        minute: '2-digit',
        hourCycle: 'h23',
      }),
    };
  }
  return (Date.now() - date.getTime() > 20 * 3_600_000 ? formats.day : formats.time).format(date);
}
