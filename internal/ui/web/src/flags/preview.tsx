import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { APIError } from '../api/error';
import { number } from '../format';
import { t } from '../strings';
import type { Definition } from './definition';
import { previewQuery } from './queries';
import { share } from './share';
import type { Shares } from './types';
import { useLater } from './use-later';

/** Whom a draft would affect, asked when the editing pauses. */
export function Preview({ flag, definition }: { flag: string; definition: Definition }) {
  const settled = useLater(definition, 350);
  const preview = useQuery({ ...previewQuery(flag, settled), placeholderData: keepPreviousData });
  const seen = preview.data;
  const wrong = preview.error instanceof APIError && preview.error.status === 422;
  return (
    <section className="card stack flag-preview" aria-labelledby="preview" aria-busy={preview.isFetching}>
      <h2 id="preview">{t('flags.preview')}</h2>
      {preview.error && <p className="dim">{wrong ? t('flags.preview.wrong') : t('flags.preview.failed')}</p>}
      {!seen && !preview.error && <p className="dim">{t('loading')}</p>}
      {seen && !preview.error && (
        <>
          <p role="status">
            {seen.sample.changed === 0
              ? t('flags.preview.same')
              : t('flags.preview.changed', {
                  share: share(seen.sample.people ? seen.sample.changed / seen.sample.people : 0),
                })}
          </p>
          <Bars shares={seen.sample} />
          <p className="small dim">{t('flags.preview.sample', { people: number(seen.sample.people) })}</p>
          {seen.accounts.people > 0 && ( // there are none for who may not see them
            <p>
              {t('flags.preview.accounts', {
                changed: number(seen.accounts.changed),
                count: seen.accounts.people,
              })}{' '}
              {!seen.all && <span className="dim">{t('flags.preview.some')}</span>}
            </p>
          )}
        </>
      )}
    </section>
  );
}

function Bars({ shares }: { shares: Shares }) {
  return (
    <dl className="flag-bars stretch">
      {shares.shares.map((one, index) => (
        <div key={one.variant}>
          <dt>{one.variant || t('flags.code')}</dt>
          <dd>
            <span className="flag-bar" aria-hidden="true">
              <span
                style={{
                  inlineSize: `${String(one.draft_share * 100)}%`,
                  background: `var(--chart-${String((index % 8) + 1)})`,
                }}
              />
              <i style={{ insetInlineStart: `${String(one.now_share * 100)}%` }} />
            </span>
            <span className="num">
              {one.now !== one.draft && (
                <>
                  <span className="dim">{share(one.now_share)}</span> <span aria-hidden="true">→</span>
                  <span className="visually-hidden">{t('settings.becomes')}</span>{' '}
                </>
              )}
              <b>{share(one.draft_share)}</b>
            </span>
          </dd>
        </div>
      ))}
    </dl>
  );
}
