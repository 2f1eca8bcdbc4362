"""The review page: the rows of a delivered night that wait for people, their pictures, and what people say of them."""
