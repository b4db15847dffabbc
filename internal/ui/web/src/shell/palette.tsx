import { Suspense, useId, useLayoutEffect, useRef, useState, type KeyboardEvent } from 'react';
import type { Module, Operation } from '../api/types';
import { lazyPart } from '../lazy';
import { Boundary } from '../parts/boundary';
import { t } from '../strings';
import { useEntries, type Entry } from './palette-entries';
import { ranked } from './palette-rank';

const most = 50;

interface ActionProps {
  module: Module;
  op: Operation;
  onClose: () => void;
}

const ActionDialog = lazyPart<ActionProps>(() => import('../modules/action-dialog'), 'ActionDialog');

/** Finds screens, modules, panels and things to do by a few letters of their names. */
export function Palette({ onClose }: { onClose: () => void }) {
  const [acting, setActing] = useState<Omit<ActionProps, 'onClose'> | null>(null);
  if (acting) {
    return (
      <Boundary>
        <Suspense>
          <ActionDialog {...acting} onClose={onClose} />
        </Suspense>
      </Boundary>
    );
  }
  return (
    <Finder
      onClose={onClose}
      onAct={(module, op) => {
        setActing({ module, op });
      }}
    />
  );
}

interface FinderProps {
  onClose: () => void;
  onAct: (module: Module, op: Operation) => void;
}

function Finder({ onClose, onAct }: FinderProps) {
  const ref = useRef<HTMLDialogElement>(null);
  const id = useId();
  const acted = useRef(false);
  const [wanted, setWanted] = useState('');
  const [at, setAt] = useState(0);
  const entries = useEntries((module, op) => {
    acted.current = true;
    onAct(module, op);
  });
  const found = ranked(entries, wanted).slice(0, most);
  const chosen = Math.min(at, found.length - 1);
  useLayoutEffect(() => {
    const dialog = ref.current;
    dialog?.showModal();
    return () => {
      dialog?.close();
    };
  }, []);

  const choose = (entry: Entry | undefined) => {
    if (!entry) return;
    entry.run();
    // A module's action goes on in a dialog of its own.
    if (!acted.current) onClose();
  };
  const move = (to: number) => {
    if (found.length === 0) return;
    const next = (to + found.length) % found.length;
    setAt(next);
    document.getElementById(`${id}-${String(next)}`)?.scrollIntoView({ block: 'nearest' });
  };
  const pressed = (event: KeyboardEvent) => {
    if (event.key === 'ArrowDown') move(chosen + 1);
    else if (event.key === 'ArrowUp') move(chosen - 1);
    else if (event.key === 'Enter') choose(found[chosen]);
    else return;
    event.preventDefault();
  };

  return (
    <dialog
      ref={ref}
      className="dialog palette"
      aria-label={t('find')}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onClick={(event) => {
        if (event.target === ref.current) onClose();
      }}
    >
      <input
        className="input"
        type="text"
        role="combobox"
        autoComplete="off"
        spellCheck={false}
        autoFocus
        aria-label={t('find')}
        aria-expanded={found.length > 0}
        aria-autocomplete="list"
        aria-controls={id}
        aria-activedescendant={found.length > 0 ? `${id}-${String(chosen)}` : undefined}
        placeholder={t('find.placeholder')}
        value={wanted}
        onChange={(event) => {
          setWanted(event.target.value);
          setAt(0);
        }}
        onKeyDown={pressed}
      />
      <div id={id} role="listbox" aria-label={t('find.results')} hidden={found.length === 0}>
        {found.map((entry, index) => (
          <div
            key={entry.id}
            id={`${id}-${String(index)}`}
            role="option"
            aria-selected={index === chosen}
            onClick={() => {
              choose(entry);
            }}
          >
            <span>
              {entry.title}
              {entry.about && <span className="dim small"> · {entry.about}</span>}
            </span>
            <span className="dim small">{entry.kind}</span>
          </div>
        ))}
      </div>
      <p role="status" className={found.length === 0 ? 'empty' : 'visually-hidden'}>
        {found.length === 0 ? t('find.none') : t('find.count', { count: found.length })}
      </p>
    </dialog>
  );
}
