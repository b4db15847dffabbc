import { Component, type ReactNode } from 'react';
import { ChunkError } from '../lazy';
import { t } from '../strings';
import { Button } from './button';
import { Notice } from './notice';
import { Page } from './page';

interface Props {
  children: ReactNode;
  /** A different value clears the error, as when the person went to another page. */
  resetKey?: string;
  /** It stands for a whole screen, which has a heading. */
  page?: boolean;
}

interface State {
  error: unknown;
  failed: boolean;
  key: string | undefined;
}

/** Catches what its children throw while drawing, so that one part cannot take the page with it. */
export class Boundary extends Component<Props, State> {
  override state: State = { error: null, failed: false, key: this.props.resetKey };

  static getDerivedStateFromError(error: unknown): Partial<State> {
    return { error, failed: true };
  }

  static getDerivedStateFromProps(props: Props, state: State): Partial<State> | null {
    return props.resetKey === state.key ? null : { error: null, failed: false, key: props.resetKey };
  }

  private readonly retry = () => {
    this.setState({ error: null, failed: false });
  };

  override render() {
    if (!this.state.failed) return this.props.children;
    const stale = this.state.error instanceof ChunkError;
    const title = stale ? t('chunk.title') : t('crash.title');
    // A screen says it in its heading, a part in the notice itself.
    const inNotice = this.props.page ? '' : title;
    const notice = stale ? <NewVersion title={inNotice} /> : <Crash title={inNotice} onRetry={this.retry} />;
    return this.props.page ? <Page title={title}>{notice}</Page> : notice;
  }
}

function Crash({ title, onRetry }: { title: string; onRetry: () => void }) {
  return (
    <Notice kind="bad" title={title} alert>
      <p>{t('crash')}</p>
      <Button onClick={onRetry}>{t('retry')}</Button>
    </Notice>
  );
}

/** Said when a part of the page can no longer be loaded: nearly always a deploy since the page was opened. */
function NewVersion({ title }: { title: string }) {
  return (
    <Notice kind="warn" title={title} alert>
      <p>{t('chunk')}</p>
      <Button
        look="primary"
        onClick={() => {
          location.reload();
        }}
      >
        {t('chunk.reload')}
      </Button>
    </Notice>
  );
}
