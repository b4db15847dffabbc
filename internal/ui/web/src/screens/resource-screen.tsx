import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useParams } from '@tanstack/react-router';
import { Suspense, useState, type ReactNode } from 'react';
import { myModulesQuery } from '../api/queries';
import { lazyPart } from '../lazy';
import { Button } from '../parts/button';
import { ErrorNotice } from '../parts/notice';
import { Page } from '../parts/page';
import { LoadingRows } from '../parts/skeleton';
import type { CreateDialogProps } from '../resource/create-dialog';
import { DeleteButton } from '../resource/delete-button';
import type { ItemEditorProps } from '../resource/editor';
import { ExportMenu } from '../resource/export-menu';
import { Facts } from '../resource/facts';
import { ResourceList as List } from '../resource/list';
import { useListControl } from '../resource/list-state';
import { useOnlyTable } from '../resource/links';
import { descriptionQuery, itemQuery } from '../resource/queries';
import { keyOf, labelOf, type Description, type Tagged } from '../resource/types';
import { t } from '../strings';

// Forms are not needed to look at a list.
const CreateDialog = lazyPart<CreateDialogProps>(() => import('../resource/create-dialog'), 'CreateDialog');
const ItemEditor = lazyPart<ItemEditorProps>(() => import('../resource/editor'), 'ItemEditor');

/** The table of any resource of a module, made from its description. */
export function ResourceList() {
  const { id, resource } = useParams({ from: '/shell/m/$id/r/$resource' });
  const about = useQuery(descriptionQuery(id, resource));
  return (
    <Page
      title={about.data?.title ?? resource}
      crumbs={<Crumbs id={id} />}
      actions={about.data && <ListActions about={about.data} />}
    >
      {about.error && !about.data && (
        <ErrorNotice error={about.error} onRetry={() => void about.refetch()} alert={false} />
      )}
      {about.isPending && <LoadingRows rows={8} height="2.5rem" />}
      {about.data && (
        <List
          key={about.data.path}
          about={about.data}
          link={(item, label) => (
            <Link
              to="/m/$id/r/$resource/$key"
              params={{ id, resource, key: keyOf(about.data, item) }}
              className="row-link"
            >
              {label}
            </Link>
          )}
        />
      )}
    </Page>
  );
}

function ListActions({ about }: { about: Description }) {
  const navigate = useNavigate();
  const { state } = useListControl();
  const [creating, setCreating] = useState(false);
  return (
    <>
      <ExportMenu about={about} state={state} />
      {about.may.create && about.create_schema && (
        <Button
          look="primary"
          aria-haspopup="dialog"
          onClick={() => {
            setCreating(true);
          }}
        >
          {t('resource.new', { singular: about.singular })}
        </Button>
      )}
      <Suspense>
        {creating && about.create_schema && (
          <CreateDialog
            about={about}
            schema={about.create_schema}
            onClose={() => {
              setCreating(false);
            }}
            onCreated={(item) => {
              setCreating(false);
              void navigate({
                to: '/m/$id/r/$resource/$key',
                params: { id: about.module, resource: about.name, key: keyOf(about, item) },
              });
            }}
          />
        )}
      </Suspense>
    </>
  );
}

/** One item of any resource: its form, or its values where it cannot be changed. */
export function ResourceItem() {
  const { id, resource, key } = useParams({ from: '/shell/m/$id/r/$resource/$key' });
  const navigate = useNavigate();
  const description = useQuery(descriptionQuery(id, resource));
  const about = description.data;
  const latest = useQuery({ ...itemQuery(about ?? { path: '' }, key), enabled: about !== undefined });
  const failed = description.error ?? (latest.data ? null : latest.error);
  return (
    <Page
      title={about && latest.data ? labelOf(about, latest.data.item) : (about?.singular ?? resource)}
      crumbs={
        <Crumbs id={id}>
          <Link to="/m/$id/r/$resource" params={{ id, resource }}>
            {about?.title ?? resource}
          </Link>
        </Crumbs>
      }
      actions={
        about?.may.delete &&
        latest.data && (
          <DeleteButton
            about={about}
            id={key}
            label={labelOf(about, latest.data.item)}
            etag={latest.data.etag}
            onDeleted={() => void navigate({ to: '/m/$id/r/$resource', params: { id, resource } })}
          />
        )
      }
    >
      {failed && (
        <ErrorNotice
          error={failed}
          onRetry={() => void (about ? latest.refetch() : description.refetch())}
          alert={false}
        />
      )}
      {!failed && !latest.data && <LoadingRows rows={4} height="4rem" />}
      {!failed && about && latest.data && <ItemBody key={key} about={about} id={key} latest={latest.data} />}
    </Page>
  );
}

function ItemBody({ about, id, latest }: { about: Description; id: string; latest: Tagged }) {
  const schema = about.may.update ? about.update_schema : undefined;
  const inForm = new Set(Object.keys(schema?.properties ?? {}));
  const facts = about.fields.filter((field) => field.read_only || !inForm.has(field.name));
  return (
    <Suspense fallback={<LoadingRows rows={4} height="4rem" />}>
      <div className={schema ? 'settings' : undefined}>
        {schema && (
          <section className="card" aria-label={about.singular}>
            <ItemEditor about={about} id={id} schema={schema} latest={latest} />
          </section>
        )}
        {facts.length > 0 && (
          <section className="card" aria-label={t('resource.facts')}>
            <Facts fields={facts} item={latest.item} />
          </section>
        )}
      </div>
    </Suspense>
  );
}

function Crumbs({ id, children }: { id: string; children?: ReactNode }) {
  const module = useQuery(myModulesQuery).data?.find((one) => one.id === id);
  // A module that is one table has no page above it.
  const alone = useOnlyTable(module) !== undefined;
  return (
    <nav className="crumbs" aria-label={t('crumbs')}>
      {alone ? (
        <Link to="/">{t('overview')}</Link>
      ) : (
        <Link to="/m/$id" params={{ id }}>
          {module?.title ?? id}
        </Link>
      )}
      {children && <span aria-hidden="true"> / </span>}
      {children}
    </nav>
  );
}
