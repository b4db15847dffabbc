import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { createQueryClient } from './api/queries';
import { createAppRouter } from './router';
import { takeSetupToken } from './setup-token';
import './styles/index.css';
import { applyTheme } from './theme';

applyTheme();
takeSetupToken();

const root = document.getElementById('root');
if (root) {
  const client = createQueryClient();
  createRoot(root).render(
    <StrictMode>
      <QueryClientProvider client={client}>
        <RouterProvider router={createAppRouter()} />
      </QueryClientProvider>
    </StrictMode>,
  );
}
