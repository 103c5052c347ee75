"""What happened, provably: every act and every read of content, in the transaction of the act, chained per case."""
