import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useParams } from '@tanstack/react-router';
import { Suspense } from 'react';
import { useMay } from '../api/may';
import { meQuery } from '../api/queries';
import { lazyPart } from '../lazy';
import { Button } from '../parts/button';
import { Moment } from '../parts/moment';
import { ErrorNotice } from '../parts/notice';
import { Page } from '../parts/page';
import { LoadingRows } from '../parts/skeleton';
import { ExportMenu } from '../resource/export-menu';
import { ResourceList } from '../resource/list';
import { useListControl } from '../resource/list-state';
import { descriptionQuery } from '../resource/queries';
import type { Cells } from '../resource/table';
import { keyOf, type Description } from '../resource/types';
import { useOpening } from '../shell/palette-opening';
import { t } from '../strings';
import type { CreateUserProps } from './users-create';
import { StatusBadge, UserBody, UserState, SetPassword, userQuery } from './users-one';

const CreateUser = lazyPart<CreateUserProps>(() => import('./users-create'), 'CreateUser');

const cells: Cells = {
  disabled: (value) => <StatusBadge disabled={value === true} />,
  last_login_at: (value) =>
    typeof value === 'string' ? <Moment at={value} /> : <span className="dim">{t('users.never')}</span>,
};

/** Everybody who has an account. */
export function Users() {
  const about = useQuery(descriptionQuery('dashboard', 'users'));
  return (
    <Page title={t('users.title')} actions={about.data && <UsersActions about={about.data} />}>
      {about.error && !about.data && (
        <ErrorNotice error={about.error} onRetry={() => void about.refetch()} alert={false} />
      )}
      {about.isPending && <LoadingRows rows={8} height="2.5rem" />}
      {about.data && (
        <ResourceList
          about={about.data}
          cells={cells}
          titles={{ disabled: t('users.status') }}
          link={(item, label) => (
            <Link to="/users/$id" params={{ id: keyOf(about.data, item) }} className="row-link">
              {label}
            </Link>
          )}
        />
      )}
    </Page>
  );
}

function UsersActions({ about }: { about: Description }) {
  const navigate = useNavigate();
  const { state } = useListControl();
  const mayManage = useMay('users.manage');
  const [creating, setCreating] = useOpening('user');
  return (
    <>
      <ExportMenu about={about} state={state} />
      {mayManage && (
        <Button
          look="primary"
          aria-haspopup="dialog"
          onClick={() => {
            setCreating(true);
          }}
        >
          {t('users.new')}
        </Button>
      )}
      <Suspense>
        {creating && (
          <CreateUser
            onClose={() => {
              setCreating(false);
            }}
            onCreated={(id) => {
              setCreating(false);
              void navigate({ to: '/users/$id', params: { id } });
            }}
          />
        )}
      </Suspense>
    </>
  );
}

/** One account: its roles and whether it may sign in. */
export function User() {
  const { id } = useParams({ from: '/shell/users/$id' });
  const user = useQuery(userQuery(id));
  const mayManage = useMay('users.manage');
  const myself = useQuery(meQuery).data?.id === id;
  return (
    <Page
      title={user.data ? user.data.item.name || user.data.item.email : t('users.one')}
      crumbs={
        <nav className="crumbs" aria-label={t('crumbs')}>
          <Link to="/users">{t('users.title')}</Link>
        </nav>
      }
      actions={
        user.data &&
        mayManage &&
        !myself && (
          <>
            <SetPassword latest={user.data} />
            <UserState latest={user.data} />
          </>
        )
      }
    >
      {user.error && !user.data && (
        <ErrorNotice error={user.error} onRetry={() => void user.refetch()} alert={false} />
      )}
      {user.isPending && <LoadingRows rows={4} height="4rem" />}
      {user.data && <UserBody key={id} latest={user.data} editable={mayManage} />}
    </Page>
  );
}
