import { Link } from '@tanstack/react-router';
import { byModule, matches, patternsOf, roleTitle, type Permission, type Role } from '../access/patterns';
import { useModuleTitles } from '../access/queries';
import { permissionTitle } from '../access/titles';
import { t } from '../strings';

interface Props {
  roles: Role[];
  permissions: Permission[];
}

/** How a role comes to a permission. */
type Grant = 'own' | 'wildcard' | 'inherited' | 'none';

const signs: Record<Grant, string> = { own: '●', wildcard: '✱', inherited: '○', none: '' };

/** Every permission of every module against every role, to see at a glance who may do what. */
export function RoleMatrix({ roles, permissions }: Props) {
  const titleOf = useModuleTitles();
  return (
    <section className="stack stretch matrix-section">
      <h2 id="matrix">{t('roles.matrix')}</h2>
      <p className="row small dim">
        <Legend grant="own" /> <Legend grant="wildcard" /> <Legend grant="inherited" />
      </p>
      <div className="card flush stretch">
        <div className="data-scroll" tabIndex={0} role="region" aria-labelledby="matrix">
          <table className="table matrix">
            <thead>
              <tr>
                <th scope="col">{t('roles.permission')}</th>
                {roles.map((role) => (
                  <th key={role.name} scope="col">
                    <Link to="/roles/$name" params={{ name: role.name }}>
                      {roleTitle(role)}
                    </Link>
                  </th>
                ))}
              </tr>
            </thead>
            {byModule(permissions).map(([module, group]) => (
              <tbody key={module}>
                <tr>
                  <th scope="rowgroup" colSpan={roles.length + 1} className="group">
                    {titleOf(module)}
                  </th>
                </tr>
                {group.map((permission) => (
                  <tr key={permission.id}>
                    <th scope="row" title={permission.id}>
                      {permissionTitle(permission)}
                    </th>
                    {roles.map((role) => {
                      const grant = grantOf(roles, role, permission.id);
                      return (
                        <td key={role.name} className={grant}>
                          <span aria-hidden="true" title={t(`roles.grant.${grant}`)}>
                            {signs[grant]}
                          </span>
                          <span className="visually-hidden">{t(`roles.grant.${grant}`)}</span>
                        </td>
                      );
                    })}
                  </tr>
                ))}
              </tbody>
            ))}
          </table>
        </div>
      </div>
    </section>
  );
}

function Legend({ grant }: { grant: Grant }) {
  return (
    <span className="legend-item">
      <span aria-hidden="true" className={`sign ${grant}`}>
        {signs[grant]}
      </span>{' '}
      {t(`roles.grant.${grant}`)}
    </span>
  );
}

function grantOf(roles: Role[], role: Role, id: string): Grant {
  if (role.permissions.includes(id)) return 'own';
  if (role.permissions.some((pattern) => matches(pattern, id))) return 'wildcard';
  const inherited = [...patternsOf(roles, role.inherits).keys()];
  return inherited.some((pattern) => matches(pattern, id)) ? 'inherited' : 'none';
}
