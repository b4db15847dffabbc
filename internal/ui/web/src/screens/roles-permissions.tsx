import { useId, useState } from 'react';
import { beyond, byModule, isWild, matches, roleTitle, type Permission, type Role } from '../access/patterns';
import { useModuleTitles } from '../access/queries';
import { Button } from '../parts/button';
import { permissionTitle } from '../access/titles';
import { t } from '../strings';

interface Props {
  permissions: Permission[];
  /** The patterns of the role itself. */
  chosen: string[];
  /** Patterns that come with other roles, and from which. */
  inherited: ReadonlyMap<string, Role>;
  /** What this person holds. */
  own: string[];
  locked: boolean;
  onChange: (chosen: string[]) => void;
}

/** The permissions of every module, wildcards first: each says where it comes from and why it cannot be changed. */
export function PermissionGroups(props: Props) {
  const { permissions, chosen } = props;
  const titleOf = useModuleTitles();
  const known = new Set(permissions.map((permission) => permission.id));
  const lost = chosen.filter((pattern) => !isWild(pattern) && !known.has(pattern));
  const groups = byModule(permissions);
  return (
    <section className="stack stretch" aria-label={t('permissions')}>
      <Wildcards {...props} modules={groups.map(([module]) => module)} />
      <div className="permission-groups stretch">
        {groups.map(([module, group]) => (
          <Group key={module} {...props} title={titleOf(module)} group={group} />
        ))}
        {lost.length > 0 && (
          <Group
            {...props}
            title={t('roles.unknown')}
            about={t('roles.unknown.about')}
            group={lost.map((id) => ({ id, title: id, module: '' }))}
          />
        )}
      </div>
    </section>
  );
}

interface GroupProps extends Props {
  title: string;
  about?: string;
  group: Permission[];
}

function Group({ title, about, group, ...props }: GroupProps) {
  const { chosen, inherited } = props;
  const held = group.filter(
    ({ id }) =>
      chosen.some((one) => matches(one, id)) || [...inherited.keys()].some((one) => matches(one, id)),
  ).length;
  return (
    <fieldset className="card permission-group">
      <legend>
        <b>{title}</b> <span className="dim small num">{t('roles.held', { held, all: group.length })}</span>
      </legend>
      {about && <p className="hint">{about}</p>}
      {group.map((permission) => (
        <Line key={permission.id} permission={permission} {...props} />
      ))}
    </fieldset>
  );
}

function Line({ permission, chosen, inherited, own, locked, onChange }: Props & { permission: Permission }) {
  const hint = useId();
  const { id } = permission;
  const title = permissionTitle(permission);
  const mine = chosen.includes(id);
  const wild = chosen.find((pattern) => isWild(pattern) && matches(pattern, id));
  const from = [...inherited].find(([pattern]) => matches(pattern, id));
  const covered = wild !== undefined || from !== undefined;
  const missing = beyond(own, [id]) !== '';
  const reason = covered && !mine ? '' : missing ? t('roles.missing') : '';
  return (
    <label className="check">
      <input
        type="checkbox"
        checked={mine || covered}
        disabled={locked || missing || (covered && !mine)}
        aria-describedby={hint}
        onChange={(event) => {
          onChange(event.target.checked ? [...chosen, id] : chosen.filter((one) => one !== id));
        }}
      />
      <span>
        {title}
        <span id={hint} className="marks">
          {title !== id && <span className="mono small dim">{id}</span>}
          {wild && <span className="badge plain">{t('roles.by', { pattern: wild })}</span>}
          {from && (
            <span className="badge plain accent">{t('roles.from', { role: roleTitle(from[1]) })}</span>
          )}
          {reason && <span className="small dim">{reason}</span>}
        </span>
      </span>
    </label>
  );
}

/** Patterns that stand for many permissions, also for those of modules that come later. */
function Wildcards({ chosen, inherited, own, locked, onChange, modules }: Props & { modules: string[] }) {
  const id = useId();
  const titleOf = useModuleTitles();
  const choices = ['*', '*.*.read', ...modules.map((module) => `${module}.*`)].filter(
    (pattern) => !chosen.includes(pattern),
  );
  const [picked, setPicked] = useState('');
  const pattern = choices.includes(picked) ? picked : (choices.find((one) => !beyond(own, [one])) ?? '');
  const meaning = (one: string) => {
    if (one === '*') return t('roles.wild.all');
    if (one === '*.*.read') return t('roles.wild.read');
    const module = /^([a-z][\w-]*)\.\*$/.exec(one)?.[1];
    return module ? t('roles.wild.module', { title: titleOf(module) }) : one;
  };
  const mine = chosen.filter(isWild);
  const others = [...inherited].filter(([one]) => isWild(one) && !chosen.includes(one));
  if (locked && mine.length + others.length === 0) return null;
  return (
    <fieldset className="card stack wildcards">
      <legend>
        <b>{t('roles.wildcards')}</b>
      </legend>
      <p className="hint">{t('roles.wildcards.about')}</p>
      {mine.length + others.length > 0 && (
        <ul className="stack">
          {mine.map((one) => (
            <li key={one} className="row">
              <code>{one}</code> <span>{meaning(one)}</span>
              {!locked && (
                <Button
                  look="bare"
                  aria-label={t('roles.wild.remove.of', { pattern: one })}
                  onClick={() => {
                    onChange(chosen.filter((other) => other !== one));
                  }}
                >
                  {t('roles.wild.remove')}
                </Button>
              )}
            </li>
          ))}
          {others.map(([one, role]) => (
            <li key={one} className="row">
              <code>{one}</code> <span>{meaning(one)}</span>
              <span className="badge plain accent">{t('roles.from', { role: roleTitle(role) })}</span>
            </li>
          ))}
        </ul>
      )}
      {!locked && choices.length > 0 && (
        <div className="row">
          <label htmlFor={id} className="visually-hidden">
            {t('roles.wild.choose')}
          </label>
          <select
            id={id}
            className="input"
            value={pattern}
            onChange={(event) => {
              setPicked(event.target.value);
            }}
          >
            {choices.map((one) => {
              const missing = beyond(own, [one]) !== '';
              return (
                <option key={one} value={one} disabled={missing}>
                  {missing ? t('roles.wild.missing', { meaning: meaning(one) }) : `${meaning(one)} (${one})`}
                </option>
              );
            })}
          </select>
          <Button
            busy={pattern === ''}
            onClick={() => {
              onChange([...chosen, pattern]);
            }}
          >
            {t('roles.wild.add')}
          </Button>
        </div>
      )}
    </fieldset>
  );
}
