import { useId, useMemo } from 'react';
import { t } from '../strings';
import { useAddress } from '../system/address';
import { DocsLink } from './links';
import { Method } from './method';
import { matches, type Docs, type Group } from './openapi';

/** Every operation and schema by its group, and a search through them. */
export function Contents({ docs }: { docs: Docs }) {
  const field = useId();
  const [{ q = '', op = '', schema = '' }, setAddress] = useAddress();
  const wanted = q.trim();
  const groups = useMemo(
    () =>
      docs.groups
        .map((group) => ({ ...group, operations: group.operations.filter((one) => matches(one, wanted)) }))
        .filter((group) => group.operations.length > 0),
    [docs, wanted],
  );
  const schemas = Object.keys(docs.schemas).filter((name) =>
    name.toLowerCase().includes(wanted.toLowerCase()),
  );
  const count = groups.reduce((total, group) => total + group.operations.length, 0);
  return (
    <nav className="docs-nav" aria-label={t('docs.contents')}>
      <div className="field" role="search">
        <label htmlFor={field}>{t('docs.search')}</label>
        <input
          id={field}
          className="input"
          type="search"
          autoComplete="off"
          spellCheck={false}
          value={q}
          onChange={(event) => {
            setAddress({ q: event.target.value });
          }}
        />
        <p className="hint" role="status">
          {wanted && (count + schemas.length === 0 ? t('docs.nothing') : t('docs.found', { count }))}
        </p>
      </div>
      <div className="docs-list">
        {groups.map((group, index) => (
          <Section
            key={`${group.name} ${String(wanted !== '')}`}
            group={group}
            open={
              wanted !== '' ||
              group.operations.some((one) => one.id === op) ||
              (index === 0 && !op && !schema)
            }
          />
        ))}
        {schemas.length > 0 && (
          <details key={String(wanted !== '')} open={schema !== '' || (wanted !== '' && groups.length === 0)}>
            <summary>
              <span className="grow">{t('docs.schemas')}</span>{' '}
              <span className="dim num">{schemas.length}</span>
            </summary>
            <ul>
              {schemas.map((name) => (
                <li key={name}>
                  <DocsLink schema={name}>
                    <span className="mono">{name}</span>
                  </DocsLink>
                </li>
              ))}
            </ul>
          </details>
        )}
      </div>
    </nav>
  );
}

function Section({ group, open }: { group: Group; open: boolean }) {
  return (
    <details open={open}>
      <summary title={group.description || undefined}>
        <span className="grow">{group.name}</span> <span className="dim num">{group.operations.length}</span>
      </summary>
      <ul>
        {group.operations.map((one) => (
          <li key={one.id}>
            <DocsLink op={one.id}>
              <Method method={one.method} />
              <span className={one.deprecated ? 'gone' : undefined}>{one.summary}</span>
              <span className="mono dim">{shortened(one.path)}</span>
            </DocsLink>
          </li>
        ))}
      </ul>
    </details>
  );
}

// What all paths begin with tells nothing in a list.
function shortened(path: string): string {
  return path.replace(/^\/api\/v1/, '');
}
