import { Component, type ReactNode } from 'react';
import { ChunkError } from '../lazy';
import { t } from '../strings';
import { Button } from './button';
import { Notice } from './notice';

interface Props {
  children: ReactNode;
  /** A different value clears the error, as when the person went to another page. */
  resetKey?: string;
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
    if (this.state.error instanceof ChunkError) return <NewVersion />;
    return (
      <Notice kind="bad" title={t('crash.title')} alert>
        <p>{t('crash')}</p>
        <Button onClick={this.retry}>{t('retry')}</Button>
      </Notice>
    );
  }
}

/** Said when a part of the page can no longer be loaded: nearly always a deploy since the page was opened. */
export function NewVersion() {
  return (
    <Notice kind="warn" title={t('chunk.title')} alert>
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
