import { useEffect } from 'react';
import { createStore, useStore } from '../store';
import { t } from '../strings';
import { Button } from './button';
import { CloseIcon } from './icons';

interface Toast {
  id: number;
  text: string;
  /** What is busy stays until something is said instead. */
  kind: 'good' | 'bad' | 'busy';
}

const toasts = createStore<readonly Toast[]>([]);
let last = 0;

/** Says one sentence at the edge of the page, in place of an earlier one if told; bad news stays until it is dismissed. */
export function notify(text: string, kind: Toast['kind'] = 'good', instead?: number): number {
  last++;
  const others = toasts.get().filter((toast) => toast.id !== instead);
  toasts.set([...others.slice(-2), { id: last, text, kind }]);
  return last;
}

/** Takes a sentence away. */
export function dismiss(id: number): void {
  toasts.set(toasts.get().filter((toast) => toast.id !== id));
}

/** The place where notifications show. */
export function Toasts() {
  return (
    <div className="toasts" role="status">
      {useStore(toasts).map((toast) => (
        <ToastLine key={toast.id} toast={toast} />
      ))}
    </div>
  );
}

const shownMs = 6_000;

function ToastLine({ toast }: { toast: Toast }) {
  useEffect(() => {
    if (toast.kind !== 'good') return;
    const timer = setTimeout(() => {
      dismiss(toast.id);
    }, shownMs);
    return () => {
      clearTimeout(timer);
    };
  }, [toast]);
  return (
    <div className={`toast ${toast.kind}`}>
      <p>{toast.text}</p>
      <Button
        look="icon"
        aria-label={t('dismiss')}
        onClick={() => {
          dismiss(toast.id);
        }}
      >
        <CloseIcon />
      </Button>
    </div>
  );
}
