/** An association as its user sees it; what the library itself does with one stays inside. */
import type { Association } from './association.js';

/** Made by `requestAssociation`, given to service providers. Whatever is under way when it ends early rejects with the reason. */
export interface AssociationHandle
  extends AsyncDisposable,
    Pick<
      Association,
      | 'remote'
      | 'callingAeTitle'
      | 'calledAeTitle'
      | 'contexts'
      | 'maxOperationsInvoked'
      | 'closed'
      | 'failure'
      | 'signal'
      | 'request'
      | 'release'
      | 'abort'
    > {}
