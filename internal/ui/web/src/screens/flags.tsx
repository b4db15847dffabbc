import { Link, useNavigate } from '@tanstack/react-router';
import { Suspense, useState } from 'react';
import { useMay } from '../api/may';
import { inBase } from '../config';
import { FlagState, StaleMark } from '../flags/state';
import type { CreateFlagProps } from '../flags/create';
import type { FlagItem } from '../flags/types';
import { lazyPart } from '../lazy';
import { Button } from '../parts/button';
import { Moment } from '../parts/moment';
import { Page } from '../parts/page';
import { LoadingRows } from '../parts/skeleton';
import { ResourceList } from '../resource/list';
import { flagsKey } from '../flags/queries';
import type { Cells } from '../resource/table';
import type { Description, FieldType, ResourceField } from '../resource/types';
import { Nothing } from '../resource/value';
import { useOpening } from '../shell/palette-opening';
import { Tabs } from '../parts/tabs';
import { t } from '../strings';
import '../styles/flags.css';
import { useAddress } from '../system/address';

const CreateFlag = lazyPart<CreateFlagProps>(() => import('../flags/create'), 'CreateFlag');
const ImportFlags = lazyPart<{ onClose: () => void }>(() => import('../flags/import'), 'ImportFlags');
const Segments = lazyPart(() => import('../flags/segments'), 'Segments');

/** All flags, and in a tab of their own the segments that they share. */
export function Flags() {
  const [{ view }] = useAddress();
  const segments = view === 'segments';
  return (
    <Page title={t('nav.flags')} actions={!segments && <Actions />}>
      <div className="stack">
        <FlagsNav segments={segments} />
        {segments ? (
          <Suspense fallback={<LoadingRows rows={4} height="3rem" />}>
            <Segments />
          </Suspense>
        ) : (
          <ResourceList
            about={description()}
            root={flagsKey}
            cells={cells}
            empty={<p>{t('flags.empty')}</p>}
            link={(item, label) => (
              <Link to="/flags/$" params={{ _splat: String(item['key']) }} className="row-link">
                {label}
              </Link>
            )}
          />
        )}
      </div>
    </Page>
  );
}

function FlagsNav({ segments }: { segments: boolean }) {
  return (
    <Tabs label={t('flags.nav')}>
      <Link
        to="/flags"
        search={{}}
        activeOptions={{ exact: true }}
        aria-current={segments ? undefined : 'page'}
      >
        {t('nav.flags')}
      </Link>
      <Link to="/flags" search={{ view: 'segments' } as never} aria-current={segments ? 'page' : undefined}>
        {t('segments')}
      </Link>
    </Tabs>
  );
}

const cells: Cells = {
  enabled: (_, item) => (
    <span className="tags">
      <FlagState flag={item as unknown as FlagItem} />
      <StaleMark flag={item as unknown as FlagItem} />
    </span>
  ),
  kind: (value) => t(`flags.kind.${value as FlagItem['kind']}`),
  updated_at: (_, item) => {
    const flag = item as unknown as FlagItem;
    if (!flag.updated_at) return <Nothing />;
    return (
      <>
        <Moment at={flag.updated_at} />
        {flag.updated_by.name && <span className="dim"> · {flag.updated_by.name}</span>}
      </>
    );
  },
};

const ordered = ['=', '!=', '<', '<=', '>', '>=', ':'];

/** What the list is searched, sorted and filtered by, as the server has it. */
function description(): Description {
  const field = (
    name: string,
    title: string,
    type: FieldType,
    more: Partial<ResourceField> = {},
  ): ResourceField => ({
    name,
    title,
    type,
    list: true,
    filter: true,
    sort: true,
    read_only: true,
    operators: type === 'boolean' || type === 'enum' ? ['=', '!='] : ordered,
    ...more,
  });
  return {
    module: 'dashboard',
    name: 'flags',
    title: t('nav.flags'),
    singular: t('flags.one'),
    path: 'api/v1/flags',
    key: 'key',
    label: 'key',
    may: { create: false, update: false, delete: false, export: false },
    search: true,
    search_hint: '',
    default_sort: 'key',
    actions: [],
    export: [],
    fields: [
      field('key', t('flags.key'), 'text'),
      field('enabled', t('flags.state'), 'boolean', { sort: false }),
      field('kind', t('flags.kind'), 'enum', { values: ['boolean', 'string', 'number', 'object'] }),
      field('owner', t('flags.owner'), 'text'),
      field('updated_at', t('flags.changed'), 'time'),
      field('exposures', t('flags.exposures'), 'integer', { doc: t('flags.exposures.about') }),
      field('killed', t('flags.killed'), 'boolean', { list: false, sort: false }),
      field('stale', t('flags.stale'), 'boolean', { list: false, sort: false }),
      field('expires_at', t('flags.expires'), 'time', { list: false }),
      field('source', t('flags.source'), 'enum', {
        list: false,
        sort: false,
        values: ['database', 'file', 'provider'],
      }),
    ],
  };
}

function Actions() {
  const navigate = useNavigate();
  const mayManage = useMay('flags.manage');
  const [creating, setCreating] = useOpening('flag');
  const [importing, setImporting] = useState(false);
  return (
    <>
      <a className="button" href={inBase('api/v1/flags?format=flagd')} download="flags.flagd.json">
        {t('flags.export')}
      </a>
      {mayManage && (
        <>
          <Button
            aria-haspopup="dialog"
            onClick={() => {
              setImporting(true);
            }}
          >
            {t('flags.import')}
          </Button>
          <Button
            look="primary"
            aria-haspopup="dialog"
            onClick={() => {
              setCreating(true);
            }}
          >
            {t('flags.new')}
          </Button>
        </>
      )}
      <Suspense>
        {creating && mayManage && (
          <CreateFlag
            onClose={() => {
              setCreating(false);
            }}
            onCreated={(key) => {
              setCreating(false);
              void navigate({ to: '/flags/$', params: { _splat: key } });
            }}
          />
        )}
        {importing && (
          <ImportFlags
            onClose={() => {
              setImporting(false);
            }}
          />
        )}
      </Suspense>
    </>
  );
}
