import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { moduleQuery, settingsQuery, settingsSchemaQuery } from '../api/module-queries';
import { ModuleCrumbs } from '../modules/crumbs';
import { SettingsEditor } from '../modules/settings-editor';
import { SettingsHistory } from '../modules/settings-history';
import { ErrorNotice } from '../parts/notice';
import { Page } from '../parts/page';
import { LoadingRows } from '../parts/skeleton';
import { t } from '../strings';

/** A module's settings: the form made from its schema, and what was saved before. */
export function ModuleSettings() {
  const { id } = useParams({ from: '/shell/modules/$id/settings' });
  const title = useQuery(moduleQuery(id)).data?.module.title ?? id;
  const schema = useQuery(settingsSchemaQuery(id));
  const settings = useQuery(settingsQuery(id));
  const failed = schema.error ?? (settings.data ? null : settings.error);
  return (
    <Page title={t('settings.title', { title })} crumbs={<ModuleCrumbs id={id} title={title} />}>
      {failed && (
        <ErrorNotice
          error={failed}
          onRetry={() => {
            void schema.refetch();
            void settings.refetch();
          }}
          alert={false}
        />
      )}
      {!failed && !(schema.data && settings.data) && <LoadingRows rows={4} height="4rem" />}
      {!failed && schema.data && settings.data && (
        <div className="settings">
          <section className="card" aria-label={t('settings')}>
            <SettingsEditor key={id} id={id} schema={schema.data} latest={settings.data} />
          </section>
          <SettingsHistory id={id} schema={schema.data} latest={settings.data} />
        </div>
      )}
    </Page>
  );
}
