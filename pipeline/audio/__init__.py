"""What is in the sound itself: where speech is, how loud it is."""
