"""Who a reporter or supporter is, sealed so that only enough custodians together can learn it. It decides nothing about cases."""
