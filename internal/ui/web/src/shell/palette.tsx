import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useId, useLayoutEffect, useRef, useState, type KeyboardEvent } from 'react';
import { useMay } from '../api/may';
import { myModulesQuery } from '../api/queries';
import { t } from '../strings';

interface Place {
  to: string;
  title: string;
  kind: string;
}

/** Finds a screen or a module by a few letters of its name. */
export function Palette({ onClose }: { onClose: () => void }) {
  const ref = useRef<HTMLDialogElement>(null);
  const id = useId();
  const navigate = useNavigate();
  const modules = useQuery(myModulesQuery).data ?? [];
  const mayModules = useMay('modules.read');
  const mayAudit = useMay('audit.read');
  const mayUsers = useMay('users.read');
  const maySystem = useMay('system.read');
  const mayAPI = useMay('api.read');
  const [wanted, setWanted] = useState('');
  const [at, setAt] = useState(0);
  useLayoutEffect(() => {
    const dialog = ref.current;
    dialog?.showModal();
    return () => {
      dialog?.close();
    };
  }, []);

  const screen = (to: string, title: string): Place => ({ to, title, kind: t('find.screen') });
  const places = [
    screen('/', t('overview')),
    ...modules.map((module) => ({ to: `/m/${module.id}`, title: module.title, kind: t('find.module') })),
    ...(mayModules ? [screen('/modules', t('nav.modules'))] : []),
    ...modules
      .filter((module) => module.settings)
      .map((module) => ({
        to: `/modules/${module.id}/settings`,
        title: t('find.settings', { title: module.title }),
        kind: t('find.screen'),
      })),
    ...(mayUsers ? [screen('/users', t('nav.users')), screen('/roles', t('nav.roles'))] : []),
    ...(mayAudit ? [screen('/audit', t('audit'))] : []),
    ...(maySystem
      ? [
          screen('/system', t('nav.system')),
          screen('/system/jobs', t('jobs')),
          screen('/system/logs', t('logs')),
        ]
      : []),
    ...(mayAPI ? [screen('/system/api', t('docs'))] : []),
    screen('/account/sessions', t('sessions')),
  ];
  const found = places.filter((place) => matches(place.title, wanted));
  const chosen = Math.min(at, found.length - 1);

  const go = (place: Place | undefined) => {
    if (!place) return;
    onClose();
    void navigate({ to: place.to });
  };
  const move = (to: number) => {
    const next = (to + found.length) % found.length;
    setAt(next);
    document.getElementById(`${id}-${String(next)}`)?.scrollIntoView({ block: 'nearest' });
  };
  const pressed = (event: KeyboardEvent) => {
    if (event.key === 'ArrowDown') move(chosen + 1);
    else if (event.key === 'ArrowUp') move(chosen - 1);
    else if (event.key === 'Enter') go(found[chosen]);
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
        {found.map((place, index) => (
          <div
            key={place.to}
            id={`${id}-${String(index)}`}
            role="option"
            aria-selected={index === chosen}
            onClick={() => {
              go(place);
            }}
          >
            <span>{place.title}</span>
            <span className="dim small">{place.kind}</span>
          </div>
        ))}
      </div>
      <p role="status" className={found.length === 0 ? 'empty' : 'visually-hidden'}>
        {found.length === 0 ? t('find.none') : t('find.count', { count: found.length })}
      </p>
    </dialog>
  );
}

/** Whether every letter wanted stands in the title, in order. */
export function matches(title: string, wanted: string): boolean {
  const text = title.toLowerCase();
  let from = 0;
  for (const letter of wanted.toLowerCase().replace(/\s+/g, '')) {
    from = text.indexOf(letter, from) + 1;
    if (from === 0) return false;
  }
  return true;
}
