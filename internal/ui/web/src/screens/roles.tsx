import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useParams } from '@tanstack/react-router';
import { Suspense } from 'react';
import { gives, roleTitle, type Role as RoleItem } from '../access/patterns';
import { permissionsQuery, roleQuery, rolesAt, rolesQuery } from '../access/queries';
import { useMay } from '../api/may';
import { lazyPart } from '../lazy';
import { Button } from '../parts/button';
import { ErrorNotice } from '../parts/notice';
import { Page } from '../parts/page';
import { LoadingRows } from '../parts/skeleton';
import { DeleteButton } from '../resource/delete-button';
import { useOpening } from '../shell/palette-opening';
import { t } from '../strings';
import type { CreateRoleProps } from './roles-create';
import { RoleMatrix } from './roles-matrix';
import { RoleEditor } from './roles-one';

const CreateRole = lazyPart<CreateRoleProps>(() => import('./roles-create'), 'CreateRole');

/** All roles, and who may do what by them. */
export function Roles() {
  const roles = useQuery(rolesQuery);
  const permissions = useQuery(permissionsQuery);
  const mayManage = useMay('users.manage');
  const failed = roles.data ? null : roles.error;
  return (
    <Page title={t('roles.title')} actions={mayManage && <NewRole />}>
      {failed && <ErrorNotice error={failed} onRetry={() => void roles.refetch()} alert={false} />}
      {roles.isPending && <LoadingRows rows={4} height="3.5rem" />}
      {roles.data && (
        <div className="stack">
          <ul className="card flush rows">
            {roles.data.map((role) => (
              <RoleRow key={role.name} role={role} all={roles.data} />
            ))}
          </ul>
          {permissions.data && <RoleMatrix roles={roles.data} permissions={permissions.data} />}
        </div>
      )}
    </Page>
  );
}

function RoleRow({ role, all }: { role: RoleItem; all: RoleItem[] }) {
  const inherits = role.inherits.map((name) => {
    const other = all.find((one) => one.name === name);
    return other ? roleTitle(other) : name;
  });
  return (
    <li>
      <div>
        <p className="row">
          <Link className="module-name" to="/roles/$name" params={{ name: role.name }}>
            {roleTitle(role)}
          </Link>
          {role.built_in && <span className="badge plain">{t('roles.built-in')}</span>}
        </p>
        <p className="dim small">
          <span className="mono">{role.name}</span> · {gives(role)}
          {inherits.length > 0 && <> · {t('roles.inherits.list', { roles: inherits.join(', ') })}</>}
        </p>
      </div>
    </li>
  );
}

function NewRole() {
  const navigate = useNavigate();
  const [creating, setCreating] = useOpening('role');
  return (
    <>
      <Button
        look="primary"
        aria-haspopup="dialog"
        onClick={() => {
          setCreating(true);
        }}
      >
        {t('roles.new')}
      </Button>
      <Suspense>
        {creating && (
          <CreateRole
            onClose={() => {
              setCreating(false);
            }}
            onCreated={(name) => {
              setCreating(false);
              void navigate({ to: '/roles/$name', params: { name } });
            }}
          />
        )}
      </Suspense>
    </>
  );
}

/** One role: what it allows, module by module. */
export function Role() {
  const { name } = useParams({ from: '/shell/roles/$name' });
  const navigate = useNavigate();
  const role = useQuery(roleQuery(name));
  const roles = useQuery(rolesQuery);
  const permissions = useQuery(permissionsQuery);
  const mayManage = useMay('users.manage');
  const failed = (role.data ? null : role.error) ?? (roles.data ? null : roles.error) ?? permissions.error;
  const ready = role.data && roles.data && permissions.data;
  return (
    <Page
      title={role.data ? roleTitle(role.data.item) : name}
      crumbs={
        <nav className="crumbs" aria-label={t('crumbs')}>
          <Link to="/roles">{t('roles.title')}</Link>
        </nav>
      }
      actions={
        role.data &&
        mayManage &&
        !role.data.item.built_in && (
          <DeleteButton
            about={rolesAt}
            id={name}
            label={roleTitle(role.data.item)}
            etag={role.data.etag}
            consequence={t('roles.delete.about')}
            onDeleted={() => void navigate({ to: '/roles' })}
          />
        )
      }
    >
      {failed && (
        <ErrorNotice
          error={failed}
          onRetry={() => {
            void role.refetch();
            void roles.refetch();
            void permissions.refetch();
          }}
          alert={false}
        />
      )}
      {!failed && !ready && <LoadingRows rows={6} height="4rem" />}
      {!failed && ready && (
        <RoleEditor
          key={name}
          latest={role.data}
          roles={roles.data}
          permissions={permissions.data}
          mayManage={mayManage}
        />
      )}
    </Page>
  );
}
