import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Suspense, useState } from 'react';
import { useMay } from '../api/may';
import { lazyPart } from '../lazy';
import { Button } from '../parts/button';
import { Moment } from '../parts/moment';
import { ErrorNotice } from '../parts/notice';
import { LoadingRows } from '../parts/skeleton';
import { t } from '../strings';
import { segmentsQuery } from './queries';
import type { EditSegmentProps } from './segment-edit';

const EditSegment = lazyPart<EditSegmentProps>(() => import('./segment-edit'), 'EditSegment');

/** The rules that flags share, each with the flags that refer to it. */
export function Segments() {
  const segments = useQuery(segmentsQuery);
  const mayManage = useMay('flags.manage');
  const [editing, setEditing] = useState<string | null>(null);
  const list = segments.data ?? [];
  if (segments.isPending) return <LoadingRows rows={4} height="3rem" />;
  return (
    <>
      {segments.error && !segments.data && (
        <ErrorNotice error={segments.error} onRetry={() => void segments.refetch()} alert={false} />
      )}
      <p className="dim">{t('segments.about')}</p>
      {mayManage && (
        <Button
          look="primary"
          aria-haspopup="dialog"
          onClick={() => {
            setEditing('');
          }}
        >
          {t('segments.new')}
        </Button>
      )}
      {segments.data && list.length === 0 && (
        <div className="card empty stretch">
          <h2>{t('resource.empty.title')}</h2>
          <p>{t('segments.empty')}</p>
        </div>
      )}
      {list.length > 0 && (
        <ul className="card flush rows stretch">
          {list.map((one) => (
            <li key={one.name}>
              <div className="stack close">
                <p>
                  <b>{one.name}</b>{' '}
                  {one.updated_at && (
                    <span className="dim">
                      <Moment at={one.updated_at} />
                      {one.updated_by.name && ` · ${one.updated_by.name}`}
                    </span>
                  )}
                </p>
                <p className="tags">
                  <span className="dim">
                    {one.used_by.length > 0 ? t('segments.used') : t('segments.unused')}
                  </span>
                  {one.used_by.map((key) => (
                    <Link key={key} to="/flags/$" params={{ _splat: key }} className="badge plain">
                      {key}
                    </Link>
                  ))}
                </p>
              </div>
              {mayManage && (
                <Button
                  aria-haspopup="dialog"
                  aria-label={t('segments.edit.of', { name: one.name })}
                  onClick={() => {
                    setEditing(one.name);
                  }}
                >
                  {t('segments.edit')}
                </Button>
              )}
            </li>
          ))}
        </ul>
      )}
      <Suspense>
        {editing !== null && (
          <EditSegment
            name={editing}
            others={list.map(({ name }) => name).filter((name) => name !== editing)}
            onClose={() => {
              setEditing(null);
            }}
          />
        )}
      </Suspense>
    </>
  );
}
