import { t } from '../strings';

// As examples/server/models.go has them.
const variables = ['OPENAI_API_KEY', 'ANTHROPIC_API_KEY', 'GEMINI_API_KEY', 'OLLAMA_HOST'];
const addresses = ['OPENAI_BASE_URL', 'ANTHROPIC_BASE_URL', 'GEMINI_BASE_URL'];

/** Said where no provider is configured, with what configures one. */
export function Unconfigured() {
  const list = (names: string[]) => (
    <ul className="row ai-center">
      {names.map((name) => (
        <li key={name}>
          <code>{name}</code>
        </li>
      ))}
    </ul>
  );
  return (
    <div className="card empty stretch">
      <h2>{t('ai.none.title')}</h2>
      <p>{t('ai.none')}</p>
      <p>{t('ai.none.server')}</p>
      {list(variables)}
      <p>{t('ai.none.url')}</p>
      {list(addresses)}
    </div>
  );
}
