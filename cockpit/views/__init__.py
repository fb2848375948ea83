"""What every interface shows: rows, marks and words made from the state, without drawing them."""
