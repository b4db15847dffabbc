import { useMemo } from 'react';
import { beyond, patternsOf, roleTitle, type Permission, type Role } from '../access/patterns';
import { rolesAt, useOwnPatterns } from '../access/queries';
import { RoleChoice } from '../access/role-choice';
import { SaveDraft } from '../access/save-draft';
import { useDraft } from '../access/use-draft';
import { TextField } from '../parts/field';
import { Notice } from '../parts/notice';
import { show } from '../show';
import { permissionTitle } from '../access/titles';
import { t } from '../strings';
import { PermissionGroups } from './roles-permissions';

interface Props {
  latest: { item: Role; etag: string };
  roles: Role[];
  permissions: Permission[];
  mayManage: boolean;
}

/** Edits a role; every permission says whether it is the role's own, inherited, or covered by a wildcard. */
export function RoleEditor({ latest, roles, permissions, mayManage }: Props) {
  const draft = useDraft(latest);
  const own = useOwnPatterns();
  const { value } = draft;
  const { name } = latest.item;
  const missing = beyond(own, patternsOf(roles, [name]).keys());
  const why = latest.item.built_in
    ? t('roles.built-in.about')
    : !mayManage
      ? t('roles.readonly')
      : missing
        ? t('roles.beyond', { permission: missing })
        : '';
  const inherited = useMemo(() => patternsOf(roles, value.inherits), [roles, value.inherits]);
  return (
    <div className="stack">
      {why && (
        <Notice>
          <p>{why}</p>
        </Notice>
      )}
      {!why && (
        <section className="card stack" aria-label={t('roles.about')}>
          <TextField
            label={t('roles.name')}
            maxLength={100}
            autoComplete="off"
            value={value.title}
            placeholder={name}
            onChange={(event) => {
              draft.set({ title: event.target.value });
            }}
          />
          <RoleChoice
            label={t('roles.inherits')}
            chosen={value.inherits}
            onChange={(inherits) => {
              draft.set({ inherits: keepOrder(inherits, draft.base.item.inherits) });
            }}
            except={(role) => circle(roles, role, name)}
          />
        </section>
      )}
      <PermissionGroups
        permissions={permissions}
        chosen={value.permissions}
        inherited={inherited}
        own={own}
        locked={why !== ''}
        onChange={(chosen) => {
          draft.set({ permissions: keepOrder(chosen, draft.base.item.permissions) });
        }}
      />
      {!why && (
        <div className={draft.dirty ? 'card save-bar stretch' : undefined}>
          <SaveDraft
            draft={draft}
            latest={latest}
            path={`roles/${encodeURIComponent(name)}`}
            keys={[['resource-data', rolesAt.path], ['me']]}
            patch={(base, next) => ({
              ...(base.title !== next.title && { title: next.title }),
              ...(show(base.inherits) !== show(next.inherits) && { inherits: next.inherits }),
              ...(show(base.permissions) !== show(next.permissions) && { permissions: next.permissions }),
            })}
            differences={(base, next) =>
              [
                { label: t('roles.name'), before: show(base.title), after: show(next.title) },
                { label: t('roles.inherits'), before: show(base.inherits), after: show(next.inherits) },
                {
                  label: t('permissions'),
                  before: show(base.permissions),
                  after: show(next.permissions),
                },
              ].filter((change) => change.before !== change.after)
            }
            review={(base, next) => (
              <Review base={base} next={next} permissions={permissions} roles={roles} />
            )}
            saved={t('resource.saved', { label: roleTitle(latest.item) })}
          />
        </div>
      )}
    </div>
  );
}

/** Why a role cannot be inherited from: it would lead back to this one. */
function circle(roles: Role[], role: Role, name: string): string {
  if (role.name === name) return t('roles.inherits.self');
  const seen = new Set<string>();
  const queue = [role.name];
  for (let at = queue.shift(); at !== undefined; at = queue.shift()) {
    if (at === name) return t('roles.inherits.circle');
    if (seen.has(at)) continue;
    seen.add(at);
    queue.push(...(roles.find((one) => one.name === at)?.inherits ?? []));
  }
  return '';
}

/** A list in the order it had, so that a choice taken back is no change. */
function keepOrder(chosen: string[], as: string[]): string[] {
  return [...as.filter((one) => chosen.includes(one)), ...chosen.filter((one) => !as.includes(one))];
}

interface ReviewProps {
  base: Role;
  next: Role;
  permissions: Permission[];
  roles: Role[];
}

/** What the role gains and loses, by name. */
function Review({ base, next, permissions, roles }: ReviewProps) {
  const permission = (id: string) => {
    const known = permissions.find((one) => one.id === id);
    return known ? permissionTitle(known) : id;
  };
  const role = (name: string) => {
    const found = roles.find((one) => one.name === name);
    return found ? roleTitle(found) : name;
  };
  return (
    <div className="stack">
      {base.title !== next.title && (
        <p className="change">
          <span className="label">{t('roles.name')}</span>
          <span>
            <del>{show(base.title)}</del> <span className="visually-hidden">{t('settings.becomes')}</span>
            <span aria-hidden="true">→</span> <ins>{show(next.title)}</ins>
          </span>
        </p>
      )}
      <Moved title={t('permissions')} base={base.permissions} next={next.permissions} name={permission} id />
      <Moved title={t('roles.inherits')} base={base.inherits} next={next.inherits} name={role} />
    </div>
  );
}

interface MovedProps {
  title: string;
  base: string[];
  next: string[];
  name: (id: string) => string;
  id?: boolean;
}

function Moved({ title, base, next, name, id = false }: MovedProps) {
  const gone = base.filter((one) => !next.includes(one));
  const added = next.filter((one) => !base.includes(one));
  if (gone.length + added.length === 0) return null;
  const line = (one: string) => (
    <>
      {name(one)} {id && name(one) !== one && <span className="mono small">{one}</span>}
    </>
  );
  return (
    <section className="change">
      <h3>{title}</h3>
      <ul className="names">
        {added.map((one) => (
          <li key={one}>
            <ins>
              <span aria-hidden="true">+ </span>
              <span className="visually-hidden">{t('roles.added')} </span>
              {line(one)}
            </ins>
          </li>
        ))}
        {gone.map((one) => (
          <li key={one}>
            <del>
              <span aria-hidden="true">− </span>
              <span className="visually-hidden">{t('roles.removed')} </span>
              {line(one)}
            </del>
          </li>
        ))}
      </ul>
    </section>
  );
}
