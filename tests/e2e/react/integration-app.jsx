// The list with `@integration-app/react`.

import * as kit from '@integration-app/react'

import { show } from './list.jsx'

const parts = { kit, Provider: kit.IntegrationAppProvider, useClient: kit.useIntegrationApp, Item: kit.IntegrationItem }
window.show = (element, what) => show(parts, element, what)
