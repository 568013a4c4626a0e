import { createTheme, MantineProvider } from '@mantine/core';
import { Notifications } from '@mantine/notifications';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { Refused } from './api/client.js';
import { createConsoleRouter } from './routes.js';

const theme = createTheme({
  primaryColor: 'teal',
  primaryShade: { light: 8, dark: 8 },
  autoContrast: true,
  cursorType: 'pointer',
  components: {
    Modal: { defaultProps: { transitionProps: { duration: 0 } } },
  },
});

/** A refusal is an answer, so it is not asked for again. */
const queries = new QueryClient({
  defaultOptions: {
    queries: {
      retry: (count, error) => count < 2 && !(error instanceof Refused && error.problem.status < 500),
      staleTime: 5_000,
    },
  },
});

const router = createConsoleRouter(queries);

export const Console = () => (
  <MantineProvider theme={theme} defaultColorScheme="auto">
    <Notifications position="bottom-center" />
    <QueryClientProvider client={queries}>
      <RouterProvider router={router} />
    </QueryClientProvider>
  </MantineProvider>
);

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
